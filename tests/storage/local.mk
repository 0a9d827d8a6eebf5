# tests of storage: see Makefile.am for the variables
