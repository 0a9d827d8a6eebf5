# tests of net: see Makefile.am for the variables
