noinst_LIBRARIES += src/broker/libbroker.a
src_broker_libbroker_a_SOURCES =
