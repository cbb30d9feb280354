/* A small dialer: one account, its numbers, its carriers and its clock, in memory. */
#ifndef DIALER_H
#define DIALER_H

#include "policy.h"

/* Everything it knows, with the contract's names: `now`, `carriers`, `observations`, `account`, and the numbers
 * `monitored`, `owned` and offered as `candidates`, all ascending; `flag-events`, oldest first; and
 * `failures`, the errors of imports that fail, by name. */
struct dialer {
    json_t *known;
    size_t numbers_looked_up;
};

extern const struct interface IMPORTS[];

/* The daily review: the policy plans it, and the dialer applies all of the plan or nothing. Returns the answer of
 * `policy_call`, or an `err` if the plan cannot be applied. */
json_t *dialer_review(struct dialer *dialer, struct policy *policy, const char *account);

/* The contract's error, as imports return it. */
json_t *refused(const char *code, const char *message);

/* The index of a number in an ascending list of numbers or of objects about numbers, or where to insert it. */
size_t place(const json_t *list, uint64_t number);

/* `conformance`: answers `dialguard conformance`, a line for a line. */
int answer_cases(struct policy *policy);

/* `days`: three days, and what happens when something fails. */
int tell_days(struct policy *policy);

#endif
