noinst_LIBRARIES += src/controller/libcontroller.a
src_controller_libcontroller_a_SOURCES =
