# shellcheck shell=bash
# completion.bash - the completion of Moldau's scripts in bash: reads the table that `moldau completion` prints, which
# stands before this text in the installed file. Topics and groups are asked of the cluster when its address is on the line. Names from there are foreign: they
# go through no expansion, and are quoted before bash puts them on the command line.

# Adds a word to COMPREPLY when it begins with what was typed.
_moldau_offer()
{
	[[ $1 == "$cur"* ]] && COMPREPLY+=("$1")
}

# Sets value to what an option (any of those named) has on the line.
_moldau_value()
{
	local i name
	value=
	for name; do
		for ((i = 1; i < ${#words[@]} - 1; i++)); do
			case ${words[i]} in
			"--$name" | "-$name") value=${words[i + 1]} ;;
			"--$name="* | "-$name="*) value=${words[i]#*=} ;;
			esac
		done
		[[ -n $value ]] && return
	done
}

# Offers what a tool beside the one on the line, or else in PATH, lists of the cluster. Silent when that fails.
_moldau_ask()
{
	local tool=$1 home value name line=()
	_moldau_value bootstrap-server broker-list
	[[ -n $value ]] || return
	line=(--list --bootstrap-server "$value")
	_moldau_value command-config consumer.config producer.config
	[[ -n $value ]] && line+=(--command-config "$value")
	home=${words[0]/#\~/$HOME}
	[[ $home == */* && -x ${home%/*}/$tool ]] && tool=${home%/*}/$tool
	while IFS= read -r name; do
		[[ -n $name ]] || continue
		printf -v name %q "$name"
		_moldau_offer "$name"
	done < <(timeout 2 "$tool" "${line[@]}" 2>/dev/null </dev/null)
}

# Offers values of a kind.
_moldau_values()
{
	local word choices
	case $1 in
	file) compopt -o default 2>/dev/null ;;
	topic) _moldau_ask kafka-topics.sh ;;
	group) _moldau_ask kafka-consumer-groups.sh ;;
	*)
		IFS='|' read -ra choices <<<"$1"
		for word in "${choices[@]}"; do
			_moldau_offer "$word"
		done
		;;
	esac
}

# Sets kind to what follows an option, and says whether anything does.
_moldau_takes_value()
{
	local spec
	for spec in $specs; do
		if [[ $spec == "$1="* || $spec == "-$1="* ]]; then
			kind=${spec#*=}
			return 0
		fi
	done
	return 1
}

_moldau_options()
{
	local spec
	for spec in $specs; do
		[[ $spec == =* ]] || _moldau_offer "${spec%%=*}"
	done
}

_moldau_complete()
{
	local prev=$1 kind spec
	if [[ $cur == -*=* ]] && _moldau_takes_value "${cur%%=*}"; then
		cut=${cur%%=*}=
		cur=${cur#*=}
		_moldau_values "$kind"
	elif [[ $prev == -* ]] && _moldau_takes_value "$prev"; then
		_moldau_values "$kind"
	else
		_moldau_options
		for spec in $specs; do
			[[ $spec == =* && $cur != -* ]] && _moldau_values "${spec#=}"
		done
	fi
}

# What bash calls. The line is split at blanks only; of what it inserts bash wants the part behind the last
# character of COMP_WORDBREAKS.
_moldau()
{
	local IFS=$' \t\n' typed=${COMP_LINE:0:COMP_POINT} words cur cut='' specs script i
	COMPREPLY=()
	read -ra words <<<"$typed"
	[[ $typed == *[[:space:]] ]] && words+=('')
	((${#words[@]} > 1)) || return 0
	cur=${words[-1]}
	script=${words[0]##*/}
	if [[ $script == moldau ]] && ((${#words[@]} > 2)); then
		_moldau_script "${words[1]}"
	elif [[ $script == moldau ]]; then
		# shellcheck disable=SC2154 # set by the table
		for i in $_moldau_tools; do
			_moldau_offer "$i"
		done
	fi
	_moldau_specs "$script"
	_moldau_complete "${words[-2]}"
	if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
		for i in "${!COMPREPLY[@]}"; do
			COMPREPLY[i]=${COMPREPLY[i]#"${cur%:*}:"}
		done
	elif [[ -n $cut && $COMP_WORDBREAKS != *=* ]]; then
		COMPREPLY=("${COMPREPLY[@]/#/$cut}")
	fi
	return 0
}

# shellcheck disable=SC2086,SC2154 # words on purpose; set by the table
complete -F _moldau $_moldau_scripts
