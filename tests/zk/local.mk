# tests of zk: see Makefile.am for the variables
