/* scripts.c - the programs and the shell scripts that are no tools of `moldau`, for manual and completion. */
#include "tools/scripts.h"

#include "base/attr.h"
#include "tools/options.h"
#include "tools/tool.h"

#define DAEMON_ROW                                                                                 \
	{                                                                                          \
		.name = "-daemon",                                                                 \
		.help = "As the first word: run in the background, with input from /dev/null and " \
			"output to a file in LOG_DIR."                                             \
	}
#define NAME_ROW                                                                                   \
	{                                                                                          \
		.name = "-name", .kind = OPTION_STRING, .arg = "name",                             \
		.help = "Name of the output file of -daemon, without .out."                        \
	}
#define LOGGC_ROW                                                                                  \
	{                                                                                          \
		.name = "-loggc", .help = "Accepted, without effect."                                    \
	}
#define OVERRIDE_ROW                                                                               \
	{                                                                                          \
		.name = "override", .kind = OPTION_STRING, .arg = "property=value",                \
		.help = "Behind the file: a setting that goes before the one in the file. May be " \
			"repeated."                                                                \
	}

static const struct option moldau_options[] = {
	{.name = "help", .help = "List the tools."},
	OPTION_VERSION,
};

static const struct option moldaud_options[] = {
	OVERRIDE_ROW,
	{.name = "help", .help = "Print how the program is used."},
	{.name = "version", .help = "Print the Kafka version whose behaviour the broker has."},
};

static const struct option server_start_options[] = {
	DAEMON_ROW,
	NAME_ROW,
	LOGGC_ROW,
	OVERRIDE_ROW,
	{.name = "help", .help = "In the place of the file: print how the program is used."},
	{.name = "version",
		.help = "In the place of the file: print the Kafka version whose behaviour the "
			"broker has."},
};

static const struct option server_stop_options[] = {
	{.name = "process-role",
		.kind = OPTION_STRING,
		.arg = "broker",
		.help = "Stop processes with this role only; all that there are here are brokers."},
	{.name = "node-id",
		.kind = OPTION_INT,
		.arg = "id",
		.help = "Stop only the broker with this id, as it stands in its command line or "
			"properties file."},
};

static const struct option cluster_ctl_options[] = {
	{.name = "home",
		.kind = OPTION_STRING,
		.arg = "directory",
		.help = "Kafka home on the hosts. Without it, the path of the home that this script is in."},
	{.name = "properties",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Configuration, absolute or below the home. Without it conf/server.properties, or "
			"conf/zookeeper.properties."},
	{.name = "log-dir",
		.kind = OPTION_STRING,
		.arg = "directory",
		.help = "Where log files are on the hosts. Without it what LOG_DIR says there, or logs in the home."},
	{.name = "user", .kind = OPTION_STRING, .arg = "name", .help = "User on the hosts."},
	{.name = "timeout",
		.kind = OPTION_INT,
		.arg = "seconds",
		.def = "60",
		.help = "How long a start or a stop may take."},
	{.name = "ssh",
		.kind = OPTION_STRING,
		.arg = "command",
		.help = "Run this instead of ssh."},
	{.name = "help", .help = "Print how the script is used."},
	{.name = "version", .help = "Print the Kafka version whose behaviour the brokers have."},
};

static const struct option run_class_options[] = {
	DAEMON_ROW,
	NAME_ROW,
	LOGGC_ROW,
};

static const struct option zookeeper_start_options[] = {
	DAEMON_ROW,
	NAME_ROW,
	LOGGC_ROW,
};

#define LOG_DIR_TEXT                                                                               \
	"`LOG_DIR`: directory of log files and of the output of daemons; `logs` beside `bin` "     \
	"when it is not set.\n"

static const struct tool scripts[] = {
	{
		.script = "moldau",
		.summary = "the command-line tools of the Kafka broker Moldau, in one program",
		.synopsis = "TOOL [OPTION]...",
		.options = moldau_options,
		.options_n = ARRAY_LEN(moldau_options),
		.description =
			"Runs the tool that the first word names. The scripts `kafka-*.sh` do the "
			"same under the names that they have in Apache Kafka 3.9; their options, "
			"their output and their exit status are those of that release.\n"
			"\n"
			"Options are written with two dashes or with one, and take their value from "
			"the next word or behind an equals sign. They cannot be abbreviated.",
		.see_also = "moldaud(8), kafka-server-start.sh(1)",
	},
	{
		.script = "moldaud",
		.section = 8,
		.summary = "Kafka broker that is coordinated by ZooKeeper",
		.synopsis = "server.properties [--override property=value]...",
		.options = moldaud_options,
		.options_n = ARRAY_LEN(moldaud_options),
		.words = "file",
		.description =
			"Runs a broker with the protocol, the files and the znodes of Apache Kafka "
			"3.9 in ZooKeeper mode, in the foreground. The file has the settings of such "
			"a broker in the syntax of Java properties; a value that cannot be used ends "
			"the start with one line that names it.\n"
			"\n"
			"SIGTERM and SIGINT stop the broker in order: it answers what it has begun, "
			"writes its checkpoints, and ends its ZooKeeper session. SIGHUP is ignored.\n"
			"\n"
			"The script kafka-server-start.sh(1) starts it in the background.",
		.exit_status = "`0` after an orderly stop, `1` when the start or the stop failed.",
		.environment =
			"`LOG_DIR`: directory for `server.log`, `state-change.log` and "
			"`controller.log`; without it lines go to the standard output only.\n",
		.files = "`conf/server.properties`: a sample with all common settings.\n"
			 "\n"
			 "`meta.properties` in each directory of `log.dirs`: broker id and cluster "
			 "id that the directory belongs to.",
		.see_also = "kafka-server-start.sh(1), kafka-server-stop.sh(1)",
	},
	{
		.script = "kafka-cluster-ctl.sh",
		.summary = "start and stop the brokers of a cluster over ssh",
		.synopsis = "start|stop|status|zk-start|zk-stop|zk-status [OPTION]... HOST...",
		.options = cluster_ctl_options,
		.options_n = ARRAY_LEN(cluster_ctl_options),
		.words = "start|stop|status|zk-start|zk-stop|zk-status",
		.description =
			"Does the same on all hosts at once, and prints a line for each.\n"
			"\n"
			"`start` starts a broker in the background and waits until it serves. `stop` asks it to "
			"stop and waits until its process has ended, so that nobody takes ZooKeeper away from "
			"brokers that are still stopping. `status` shows whether it runs, its process id and "
			"its broker id. A broker is known by its properties file; others on the same host are "
			"left alone.\n"
			"\n"
			"`zk-start`, `zk-stop` and `zk-status` do the same for ZooKeeper servers. Start them before "
			"the brokers, stop them after.\n"
			"\n"
			"On a host only sh and a Kafka home are needed. The login must not ask for a password.",
		.examples =
			"\tkafka-cluster-ctl.sh zk-start zk1 zk2 zk3\n"
			"\tkafka-cluster-ctl.sh start --home /opt/module/kafka node1 node2 node3\n"
			"\tkafka-cluster-ctl.sh stop --timeout 300 node1 node2 node3 && kafka-cluster-ctl.sh zk-stop zk1 zk2 zk3",
		.exit_status = "`0` when all hosts did what was asked, also when there was nothing to do; `1` when one "
			       "failed, did not do it in time, or cannot be reached; of `status`, when one does not run.",
		.environment = "`MOLDAU_SSH`: the command that is run instead of ssh, with a host and a command as its last "
			       "two words.",
		.files = "`$LOG_DIR/kafkaServer.out` and `zookeeper.out` on the hosts: output of what was started.",
		.see_also = "kafka-server-start.sh(1), kafka-server-stop.sh(1)",
	},
	{
		.script = "kafka-run-class.sh",
		.summary = "run what a class of Apache Kafka is the program of",
		.synopsis = "[-daemon] [-name NAME] [-loggc] CLASS [WORD]...",
		.options = run_class_options,
		.options_n = ARRAY_LEN(run_class_options),
		.description =
			"For scripts that call Apache Kafka's tools by the names of their classes, those of "
			"today and those of old releases, such as `kafka.admin.TopicCommand` or "
			"`kafka.tools.GetOffsetShell`. It runs the tool of Moldau in the place of the class, "
			"with the words behind it.",
		.examples = "\tkafka-run-class.sh kafka.tools.GetOffsetShell --bootstrap-server host:9092 --topic t",
		.exit_status = "That of the tool; `1` when no tool is in the place of the class.",
		.environment = LOG_DIR_TEXT "\n`MOLDAU_BUILD`: a build directory to take the programs from.",
		.files = "`$LOG_DIR/NAME.out`: output of a tool in the background.",
		.see_also = "kafka-server-start.sh(1)",
	},
	{
		.script = "kafka-server-start.sh",
		.summary = "start a broker",
		.synopsis = "[-daemon] server.properties [--override property=value]...",
		.options = server_start_options,
		.options_n = ARRAY_LEN(server_start_options),
		.words = "file",
		.description =
			"Runs the broker moldaud(8) with a properties file, in the foreground or in "
			"the background.",
		.examples =
			"\tkafka-server-start.sh -daemon conf/server.properties\n"
			"\tkafka-server-start.sh conf/server.properties --override broker.id=2",
		.exit_status =
			"In the foreground that of the broker: `0` after an orderly stop, `1` after "
			"a failure. With `-daemon` `0` as soon as the process is there.",
		.environment =
			LOG_DIR_TEXT
			"\n`EXTRA_ARGS`: words to put before the command line, such as `-name x`.\n"
			"\n`MOLDAU_BUILD`: a build directory to take the program from.",
		.files = "`$LOG_DIR/kafkaServer.out`: output of a broker in the background.",
		.see_also = "moldaud(8), kafka-server-stop.sh(1)",
	},
	{
		.script = "kafka-server-stop.sh",
		.summary = "ask the brokers on this machine to stop",
		.synopsis = "[--process-role=broker] [--node-id=ID]",
		.options = server_stop_options,
		.options_n = ARRAY_LEN(server_stop_options),
		.description =
			"Sends a signal to all brokers of this machine, or to one, and returns at "
			"once; the brokers end when they have finished. Values follow an equals "
			"sign.",
		.exit_status = "`0` when there was a broker, `1` when there was none.",
		.environment = "`SIGNAL`: name of the signal, TERM when it is not set.",
		.see_also = "moldaud(8), kafka-server-start.sh(1)",
	},
	{
		.script = "zookeeper-server-start.sh",
		.summary = "start a ZooKeeper server",
		.synopsis = "[-daemon] zookeeper.properties",
		.options = zookeeper_start_options,
		.options_n = ARRAY_LEN(zookeeper_start_options),
		.words = "file",
		.description =
			"Runs the ZooKeeper server of Debian's package `zookeeper` with a properties "
			"file, in the foreground or in the background.",
		.examples = "\tzookeeper-server-start.sh -daemon conf/zookeeper.properties",
		.environment =
			LOG_DIR_TEXT
			"\n`JAVA_HOME`, `KAFKA_HEAP_OPTS`, `KAFKA_OPTS`: the Java machine and its "
			"options.\n"
			"\n`KAFKA_LOG4J_OPTS`: options that replace logging to the standard output.",
		.files = "`$LOG_DIR/zookeeper.out`: output of a server in the background.",
		.see_also = "zookeeper-server-stop.sh(1)",
	},
	{
		.script = "zookeeper-server-stop.sh",
		.summary = "ask the ZooKeeper servers on this machine to stop",
		.synopsis = " ",
		.description = "Sends a signal to all ZooKeeper servers of this machine and returns "
			       "at once. Stop the brokers first: they end in order only while "
			       "ZooKeeper answers.",
		.exit_status = "`0` when there was a server, `1` when there was none.",
		.environment = "`SIGNAL`: name of the signal, TERM when it is not set.",
		.see_also = "zookeeper-server-start.sh(1)",
	},
};

const struct tool *script_at(size_t i)
{
	return i < ARRAY_LEN(scripts) ? &scripts[i] : NULL;
}
