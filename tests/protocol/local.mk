# tests of protocol: see Makefile.am for the variables
