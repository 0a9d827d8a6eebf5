# tests of replica: see Makefile.am for the variables
