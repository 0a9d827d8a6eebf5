noinst_LIBRARIES += src/controller/libcontroller.a
src_controller_libcontroller_a_SOURCES = \
	src/controller/channel.h \
	src/controller/controller.h \
	src/controller/entity_config.h \
	src/controller/topic_admin.h
