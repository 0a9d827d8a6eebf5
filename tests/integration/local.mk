# tests of integration: see Makefile.am for the variables
