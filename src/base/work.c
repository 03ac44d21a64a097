/* work.c - see work.h. Empty where work is not counted. */
#include "base/work.h"

#ifdef TAUT_COUNT_WORK
_Thread_local uint64_t tt_work_total;
#else
typedef int tt_work_is_not_counted;
#endif
