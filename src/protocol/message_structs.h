/* message_structs.h - the first macro pass over a list of messages: their C structs. No include guard: MESSAGE_LIST is
 * the list to include, in the form of messages.def.
 *
 * Layer: protocol.
 */
#define C_bool	  bool
#define C_int8	  int8_t
#define C_int16	  int16_t
#define C_uint16  uint16_t
#define C_int32	  int32_t
#define C_int64	  int64_t
#define C_float64 double
#define C_uuid	  struct uuid
#define C_string  struct str
#define C_bytes	  struct bytes
#define C_records struct records

#define SELF_NAME_(self, suffix) self##suffix
#define SELF_NAME(self, suffix)	 SELF_NAME_(self, suffix)

/* `fetch_request_first`, `_last` and `_flexible` are the versions, as constants. */
#define MESSAGE_BEGIN(name, first, last, flexible)                                                 \
	enum {                                                                                     \
		SELF_NAME(SELF, _first) = (first),                                                 \
		SELF_NAME(SELF, _last) = (last),                                                   \
		SELF_NAME(SELF, _flexible) = (flexible),                                           \
	};                                                                                         \
	STRUCT_BEGIN
#define MESSAGE_END STRUCT_END
#define STRUCT_BEGIN                                                                               \
	extern const struct schema SELF_NAME(SELF, _schema);                                       \
	struct SELF {
#define STRUCT_END };
#define FIELD(name, type, ...) C_##type name;
#define ARRAY(name, type, ...)                                                                     \
	C_##type *name;                                                                            \
	int32_t name##_n;
#define STRUCT(name, type, ...)		struct type name;
#define STRUCT_OR_NULL(name, type, ...) struct type *name;
#define STRUCTS(name, type, ...)                                                                   \
	struct type *name;                                                                         \
	int32_t name##_n;
#include MESSAGE_LIST

#undef MESSAGE_LIST
