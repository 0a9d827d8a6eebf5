# passwords and credentials, pure
noinst_LIBRARIES += src/security/libsecurity.a
src_security_libsecurity_a_SOURCES = \
	src/security/password_encoder.c src/security/password_encoder.h \
	src/security/scram_credential.c src/security/scram_credential.h
EXTRA_DIST += src/security/README.md
