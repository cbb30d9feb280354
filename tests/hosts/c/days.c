#include "dialer.h"
int tell(struct policy *policy) { (void)policy; return 0; }
