# tests of controller: see Makefile.am for the variables
