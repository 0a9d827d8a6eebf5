# tests of peers: see Makefile.am for the variables
