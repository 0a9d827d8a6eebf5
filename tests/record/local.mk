# tests of record: see Makefile.am for the variables
