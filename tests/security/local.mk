# tests of security: see Makefile.am for the variables

check_PROGRAMS += tests/security/test_password_encoder
tests_security_test_password_encoder_SOURCES = tests/security/test_password_encoder.c
tests_security_test_password_encoder_LDADD = $(UPTO_security) $(TEST_LIBS)

check_PROGRAMS += tests/security/test_scram_credential
tests_security_test_scram_credential_SOURCES = tests/security/test_scram_credential.c
tests_security_test_scram_credential_LDADD = $(UPTO_security) $(TEST_LIBS)

tests_security_test_password_encoder_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_security_test_scram_credential_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
EXTRA_DIST += tests/security/data/encoded-passwords.txt
