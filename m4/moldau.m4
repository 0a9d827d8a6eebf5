# moldau.m4 - the switches of configure and the checks for libraries without pkg-config files.

# MOLDAU_SANITIZERS: --enable-asan, --enable-ubsan, --enable-tsan, --enable-fuzzers, --enable-coverage.
AC_DEFUN([MOLDAU_SANITIZERS], [
	AC_ARG_ENABLE([asan], [AS_HELP_STRING([--enable-asan], [build with the address sanitizer])], [], [enable_asan=no])
	AC_ARG_ENABLE([ubsan], [AS_HELP_STRING([--enable-ubsan], [build with the undefined behaviour sanitizer])], [], [enable_ubsan=no])
	AC_ARG_ENABLE([tsan], [AS_HELP_STRING([--enable-tsan], [build with the thread sanitizer])], [], [enable_tsan=no])
	AC_ARG_ENABLE([fuzzers], [AS_HELP_STRING([--enable-fuzzers], [build the fuzz targets with libFuzzer (needs clang)])], [], [enable_fuzzers=no])
	AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage], [build for gcov])], [], [enable_coverage=no])
	AS_IF([test "$enable_tsan" = yes && test "$enable_asan" = yes],
		[AC_MSG_ERROR([--enable-tsan and --enable-asan exclude each other])])
	moldau_sanitizers=
	AS_IF([test "$enable_asan" = yes], [moldau_sanitizers="-fsanitize=address"])
	AS_IF([test "$enable_ubsan" = yes],
		[moldau_sanitizers="$moldau_sanitizers -fsanitize=undefined -fno-sanitize-recover=undefined"])
	AS_IF([test "$enable_tsan" = yes], [moldau_sanitizers="$moldau_sanitizers -fsanitize=thread"])
	SANITIZER_FLAGS="$moldau_sanitizers"
	AS_IF([test -n "$moldau_sanitizers"], [SANITIZER_FLAGS="$SANITIZER_FLAGS -fno-omit-frame-pointer"])
	AS_IF([test "$enable_fuzzers" = yes], [SANITIZER_FLAGS="$SANITIZER_FLAGS -fsanitize=fuzzer-no-link"])
	AS_IF([test "$enable_coverage" = yes], [SANITIZER_FLAGS="$SANITIZER_FLAGS --coverage"])
	AC_SUBST([SANITIZER_FLAGS])
	AM_CONDITIONAL([FUZZERS], [test "$enable_fuzzers" = yes])
])

# MOLDAU_WARNINGS: the warnings every file is clean under; --enable-werror makes them errors, which is the
# default in a checkout and never in a release tarball.
AC_DEFUN([MOLDAU_WARNINGS], [
	AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [warnings are errors (default: yes in a git checkout)])], [],
		[AS_IF([test -e "$srcdir/.git"], [enable_werror=yes], [enable_werror=no])])
	WARNING_FLAGS="-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wimplicit-fallthrough -Wundef -Wno-sign-conversion -Wno-missing-field-initializers"
	AS_IF([test "$enable_werror" = yes], [WARNING_FLAGS="$WARNING_FLAGS -Werror"])
	AC_SUBST([WARNING_FLAGS])
	HARDENING_FLAGS="-fno-strict-aliasing -fstack-protector-strong -fPIE"
	AS_IF([test -z "$moldau_sanitizers" && test "$enable_coverage" = no],
		[HARDENING_FLAGS="$HARDENING_FLAGS -D_FORTIFY_SOURCE=2"])
	AC_SUBST([HARDENING_FLAGS])
])

# MOLDAU_LIB(NAME, header, library, function, Debian package): sets NAME_LIBS.
AC_DEFUN([MOLDAU_LIB], [
	AC_CHECK_HEADER([$2], [], [AC_MSG_ERROR([$2 not found: install $5])])
	AC_CHECK_LIB([$3], [$4], [$1_LIBS=-l$3], [AC_MSG_ERROR([lib$3 not found: install $5])])
	AC_SUBST([$1_LIBS])
])

# MOLDAU_ZOOKEEPER: the multi-threaded C client of ZooKeeper.
AC_DEFUN([MOLDAU_ZOOKEEPER], [
	saved_cppflags=$CPPFLAGS
	CPPFLAGS="$CPPFLAGS -DTHREADED"
	AC_CHECK_HEADER([zookeeper/zookeeper.h], [], [AC_MSG_ERROR([zookeeper/zookeeper.h not found: install libzookeeper-mt-dev])])
	CPPFLAGS=$saved_cppflags
	AC_CHECK_LIB([zookeeper_mt], [zookeeper_init], [ZOOKEEPER_LIBS=-lzookeeper_mt],
		[AC_MSG_ERROR([libzookeeper_mt not found: install libzookeeper-mt-dev])])
	AC_SUBST([ZOOKEEPER_LIBS])
])
