# tests of base: see Makefile.am for the variables
check_SCRIPTS += tests/check-tree.sh
EXTRA_DIST += tests/check-tree.sh
