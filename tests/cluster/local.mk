# tests of cluster: see Makefile.am for the variables
