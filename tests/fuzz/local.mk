# tests of fuzz: see Makefile.am for the variables
