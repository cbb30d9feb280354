;; A small honest policy, made for the contract's version 0.1.0. It stays as it is: hosts that speak 0.1.0 have to run
;; it, whatever comes later.
;;
;; It flags a number where most carriers flag it today, and replaces at most one number a plan, by the closest
;; candidate where no carrier flags that. It is made for small accounts and reads 1,000 numbers.
;;
;; Memory: 0x1000 the account, 0x1100 monitored numbers, 0x1110 observations, 0x1120 candidates, 0x1130 flag events,
;; 0x1200 the number asked about, 0x2000 the answer, 0x3000 describe and texts, 0x4000 zeros, 0x10000 reviews and
;; screenings, 0x20000 actions, 0x30000 outcomes, from 0x80000 on what the host hands in.
(module
  (import "dialguard:reputation/clock@0.1.0" "now" (func $now (result i64)))
  (import "dialguard:reputation/carrier-lookup@0.1.0" "look-up" (func $look-up (param i32 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.1.0" "get-account" (func $get-account (param i32 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.1.0" "monitored" (func $monitored (param i32 i32 i64 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.1.0" "candidates" (func $candidates (param i32 i32 i64 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.1.0" "flag-events" (func $flag-events (param i32 i32 i64 i32)))
  (memory (export "memory") 16)
  (data (i32.const 0x3000) "\00\31\00\00\0e\00\00\00\0e\31\00\00\05\00\00\00\13\31\00\00\2d\00\00\00")
  (data (i32.const 0x3100) "first-contract" "1.0.0" "Flags a number that most carriers flag today.")
  (data (i32.const 0x3200) "This policy replaces numbers and does nothing else; ask another.")
  (global $free (mut i32) (i32.const 0x80000))
  (global $flagging (mut i32) (i32.const 0))
  (global $answering (mut i32) (i32.const 0))

  (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.get $at))

  ;; Reads the account. Where that fails the answer is its error, which stands `payload` bytes into it.
  (func $read (param $id i32) (param $id-len i32) (param $payload i32) (result i32)
    (call $get-account (local.get $id) (local.get $id-len) (i32.const 0x1000))
    (i32.store8 (i32.const 0x2000) (i32.load8_u (i32.const 0x1000)))
    (if (i32.load8_u (i32.const 0x1000))
      (then
        (memory.copy (i32.add (i32.const 0x2000) (local.get $payload)) (i32.const 0x1008) (i32.const 12))
        (return (i32.const 0))))
    (call $monitored (local.get $id) (local.get $id-len) (i64.const 0) (i32.const 1000) (i32.const 0x1100))
    (if (i32.load8_u (i32.const 0x1100)) (then (unreachable)))
    (i32.const 1))

  ;; Reads the account and begins an empty plan.
  (func $plan (param $id i32) (param $id-len i32) (result i32)
    (if (i32.eqz (call $read (local.get $id) (local.get $id-len) (i32.const 8))) (then (return (i32.const 0))))
    (i32.store (i32.const 0x2008) (local.get $id))
    (i32.store (i32.const 0x200c) (local.get $id-len))
    (i64.store (i32.const 0x2010) (i64.load (i32.const 0x1010)))
    (i64.store (i32.const 0x2018) (call $now))
    (i32.const 1))

  ;; One more element of a list in the answer: where it is to stand.
  (func $append (param $list i32) (param $first i32) (param $size i32) (result i32)
    (local $len i32)
    (local.set $len (i32.load offset=4 (local.get $list)))
    (i32.store (local.get $list) (local.get $first))
    (i32.store offset=4 (local.get $list) (i32.add (local.get $len) (i32.const 1)))
    (i32.add (local.get $first) (i32.mul (local.get $len) (local.get $size))))

  ;; Asks the carriers about a number, counts who flags it, and answers its status.
  (func $rate (param $number i64) (result i32)
    (local $at i32) (local $end i32)
    (global.set $flagging (i32.const 0))
    (global.set $answering (i32.const 0))
    (i64.store (i32.const 0x1200) (local.get $number))
    (call $look-up (i32.const 0x1200) (i32.const 1) (i32.const 0x1110))
    (if (i32.load8_u (i32.const 0x1110)) (then (return (i32.const 0))))
    (local.set $at (i32.load (i32.const 0x1114)))
    (local.set $end (i32.add (local.get $at) (i32.mul (i32.load (i32.const 0x1118)) (i32.const 24))))
    (block $counted
      (loop $next
        (br_if $counted (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.load8_u offset=10 (local.get $at))
          (then
            (global.set $answering (i32.add (global.get $answering) (i32.const 1)))
            (if (i32.ge_u (i32.load8_u offset=11 (local.get $at)) (i32.load8_u (i32.const 0x105c)))
              (then (global.set $flagging (i32.add (global.get $flagging) (i32.const 1)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 24)))
        (br $next)))
    (call $status))

  (func $status (result i32)
    (if (i32.lt_u (global.get $answering) (i32.load8_u (i32.const 0x105d))) (then (return (i32.const 0))))
    (if (i32.gt_u (i32.mul (global.get $flagging) (i32.const 2)) (global.get $answering))
      (then (return (i32.const 3))))
    (if (global.get $flagging) (then (return (i32.const 2))))
    (i32.const 1))

  ;; Plans to replace a monitored number; `why` is 0 where it is flagged and 1 where a person asked. Answers whether.
  (func $replace (param $id i32) (param $id-len i32) (param $monitored i32) (param $why i32) (result i32)
    (local $candidate i64) (local $at i32)
    (if (i32.load (i32.const 0x202c)) (then (return (i32.const 0))))
    (call $candidates (local.get $id) (local.get $id-len) (i64.load (local.get $monitored)) (i32.const 1)
      (i32.const 0x1120))
    (if (i32.load8_u (i32.const 0x1120)) (then (return (i32.const 0))))
    (if (i32.eqz (i32.load (i32.const 0x1128))) (then (return (i32.const 0))))
    (local.set $candidate (i64.load (i32.load (i32.const 0x1124))))
    (if (i32.ne (call $rate (local.get $candidate)) (i32.const 1)) (then (return (i32.const 0))))
    (local.set $at (call $append (i32.const 0x2028) (i32.const 0x20000) (i32.const 40)))
    (i32.store8 (local.get $at) (i32.const 3))
    (i64.store offset=8 (local.get $at) (i64.load (local.get $monitored)))
    (i64.store offset=16 (local.get $at) (local.get $candidate))
    (i32.store offset=24 (local.get $at) (i32.load offset=8 (local.get $monitored)))
    (i32.store8 offset=28 (local.get $at) (local.get $why))
    (i32.const 1))

  ;; Whether the account lets flagged numbers be replaced today.
  (func $may-replace (result i32)
    (i32.and
      (i32.load8_u (i32.const 0x1062))
      (i32.lt_u (i32.load (i32.const 0x1058)) (i32.load16_u (i32.const 0x1064)))))

  (func $review (param $id i32) (param $id-len i32) (param $monitored i32)
    (local $status i32) (local $at i32)
    ;; Not a second time on one date.
    (if (i32.load8_u offset=40 (local.get $monitored))
      (then
        (if (i64.ge_u (i64.load offset=48 (local.get $monitored)) (i64.load (i32.const 0x1040))) (then (return)))))
    (local.set $status (call $rate (i64.load (local.get $monitored))))
    (if (i32.eqz (local.get $status)) (then (return)))
    (local.set $at (call $append (i32.const 0x2020) (i32.const 0x10000) (i32.const 16)))
    (i64.store (local.get $at) (i64.load (local.get $monitored)))
    (i32.store8 offset=8 (local.get $at) (local.get $status))
    (i32.store8 offset=9 (local.get $at) (i32.eq (local.get $status) (i32.const 3)))
    (i32.store8 offset=10 (local.get $at) (i32.ne (local.get $status) (i32.const 3)))
    (i32.store16 offset=12 (local.get $at) (global.get $flagging))
    (i32.store16 offset=14 (local.get $at) (global.get $answering))
    (if (i32.and (i32.eq (local.get $status) (i32.const 3)) (call $may-replace))
      (then
        (if (i32.eqz (i32.load8_u offset=56 (local.get $monitored)))
          (then
            (drop (call $replace (local.get $id) (local.get $id-len) (local.get $monitored) (i32.const 0))))))))

  ;; Where a monitored number stands in memory; 0 where it is not monitored.
  (func $find (param $number i64) (result i32)
    (local $at i32) (local $left i32)
    (local.set $at (i32.load (i32.const 0x1104)))
    (local.set $left (i32.load (i32.const 0x1108)))
    (block $none
      (loop $next
        (br_if $none (i32.eqz (local.get $left)))
        (if (i64.eq (i64.load (local.get $at)) (local.get $number)) (then (return (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; The answer to a person who wants a number replaced: accepted, add-on-off, not-monitored, no-clean-candidate or
  ;; replacement-pending.
  (func $answer (param $id i32) (param $id-len i32) (param $number i64) (result i32)
    (local $monitored i32)
    (if (i32.eqz (i32.load8_u (i32.const 0x1018))) (then (return (i32.const 1))))
    (local.set $monitored (call $find (local.get $number)))
    (if (i32.eqz (local.get $monitored)) (then (return (i32.const 4))))
    (if (i32.load8_u offset=56 (local.get $monitored)) (then (return (i32.const 8))))
    (if (call $replace (local.get $id) (local.get $id-len) (local.get $monitored) (i32.const 1))
      (then
        (i32.store8 offset=56 (local.get $monitored) (i32.const 1))
        (return (i32.const 0))))
    (i32.const 7))

  (func (export "dialguard:reputation/policy@0.1.0#describe") (result i32)
    (i32.const 0x3000))

  ;; Any settings will do.
  (func (export "dialguard:reputation/policy@0.1.0#check-settings")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.const 0x4000))

  (func (export "dialguard:reputation/policy@0.1.0#review-account") (param $id i32) (param $id-len i32) (result i32)
    (local $at i32) (local $left i32)
    (block $planned
      (br_if $planned (i32.eqz (call $plan (local.get $id) (local.get $id-len))))
      (br_if $planned (i32.eqz (i32.load8_u (i32.const 0x1018))))
      (local.set $at (i32.load (i32.const 0x1104)))
      (local.set $left (i32.load (i32.const 0x1108)))
      (loop $next
        (br_if $planned (i32.eqz (local.get $left)))
        (call $review (local.get $id) (local.get $id-len) (local.get $at))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 0x2000))

  (func (export "dialguard:reputation/policy@0.1.0#decide")
    (param $id i32) (param $id-len i32) (param $case i32) (param $numbers i32) (param $len i32) (param i32)
    (result i32)
    (block $decided
      (br_if $decided (i32.eqz (call $plan (local.get $id) (local.get $id-len))))
      (if (i32.ne (local.get $case) (i32.const 3))
        (then
          (i32.store8 (i32.const 0x2000) (i32.const 1))
          (i32.store8 (i32.const 0x2008) (i32.const 4))
          (i32.store (i32.const 0x200c) (i32.const 0x3200))
          (i32.store (i32.const 0x2010) (i32.const 64))
          (br $decided)))
      (loop $next
        (br_if $decided (i32.eqz (local.get $len)))
        (i32.store8
          (call $append (i32.const 0x2038) (i32.const 0x30000) (i32.const 24))
          (call $answer (local.get $id) (local.get $id-len) (i64.load (local.get $numbers))))
        (local.set $numbers (i32.add (local.get $numbers) (i32.const 8)))
        (local.set $len (i32.sub (local.get $len) (i32.const 1)))
        (br $next)))
    (i32.const 0x2000))

  (func (export "dialguard:reputation/policy@0.1.0#screen")
    (param $id i32) (param $id-len i32) (param $numbers i32) (param $len i32) (result i32)
    (local $at i32)
    (block $screened
      (br_if $screened (i32.eqz (call $read (local.get $id) (local.get $id-len) (i32.const 4))))
      (loop $next
        (br_if $screened (i32.eqz (local.get $len)))
        (local.set $at (call $append (i32.const 0x2004) (i32.const 0x10000) (i32.const 16)))
        (i64.store (local.get $at) (i64.load (local.get $numbers)))
        (i32.store8 offset=8 (local.get $at) (call $rate (i64.load (local.get $numbers))))
        (i32.store16 offset=10 (local.get $at) (global.get $flagging))
        (i32.store16 offset=12 (local.get $at) (global.get $answering))
        (local.set $numbers (i32.add (local.get $numbers) (i32.const 8)))
        (local.set $len (i32.sub (local.get $len) (i32.const 1)))
        (br $next)))
    (i32.const 0x2000))

  (func (export "dialguard:reputation/policy@0.1.0#get-usage") (param $id i32) (param $id-len i32) (result i32)
    (local $at i32) (local $left i32) (local $count i32)
    (block $counted
      (br_if $counted (i32.eqz (call $read (local.get $id) (local.get $id-len) (i32.const 4))))
      (i32.store (i32.const 0x2004) (i32.load (i32.const 0x101c)))
      (i32.store (i32.const 0x2008) (i32.load (i32.const 0x1108)))
      (i32.store (i32.const 0x200c) (i32.load (i32.const 0x104c)))
      (i32.store (i32.const 0x2020) (call $flagged-since (local.get $id) (local.get $id-len) (i64.const 86400)))
      (i32.store (i32.const 0x2024) (call $flagged-since (local.get $id) (local.get $id-len) (i64.const 604800)))
      (local.set $at (i32.load (i32.const 0x1104)))
      (local.set $left (i32.load (i32.const 0x1108)))
      (loop $next
        (br_if $counted (i32.eqz (local.get $left)))
        ;; The counts of the four statuses stand in their order.
        (local.set $count
          (i32.add (i32.const 0x2010) (i32.mul (i32.load8_u offset=12 (local.get $at)) (i32.const 4))))
        (i32.store (local.get $count) (i32.add (i32.load (local.get $count)) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 0x2000))

  (func $flagged-since (param $id i32) (param $id-len i32) (param $seconds i64) (result i32)
    (call $flag-events (local.get $id) (local.get $id-len) (i64.sub (call $now) (local.get $seconds))
      (i32.const 0x1130))
    (if (i32.load8_u (i32.const 0x1130)) (then (return (i32.const 0))))
    (i32.load (i32.const 0x1138))))
