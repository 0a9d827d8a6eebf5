# tests of base: see Makefile.am for the variables
