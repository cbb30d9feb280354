;; The core module of a policy that means harm: what every policy has, a small kit for making plans, and places in
;; braces that policies.rs fills. It plans what the contract allows, and then does what its `review` or `decide` says.
;;
;; Memory: 0x1000 account, 0x1100 what else was asked, 0x1200 monitored numbers, 0x2000 the answer, 0x3000 describe,
;; 0x3200 why it replaces, 0x4000 zeros, 0x5000 reviews, 0x6000 actions, 0x7000 notices, 0x8000 free for all, 0x10000
;; what the host hands in.
(module
  (import "dialguard:reputation/clock@0.2.0" "now" (func $now (result i64)))
  (import "dialguard:reputation/carrier-lookup@0.2.0" "look-up" (func $look-up (param i32 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.2.0" "get-account" (func $get-account (param i32 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.2.0" "monitored" (func $monitored (param i32 i32 i64 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.2.0" "owned" (func $owned (param i32 i32 i32 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.2.0" "candidates" (func $candidates (param i32 i32 i64 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.2.0" "flag-events" (func $flag-events (param i32 i32 i64 i32)))
  (memory (export "memory") 4)
  (data (i32.const 0x3000) "\00\31\00\00\07\00\00\00\07\31\00\00\05\00\00\00\0c\31\00\00\0b\00\00\00")
  (data (i32.const 0x3100) "hostile" "1.0.0" "Means harm.")
  (data (i32.const 0x3200) "For no good reason.")
  (global $free (mut i32) (i32.const 0x10000))

  {items}

  (func $alloc (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32)
    (result i32)
    (local $at i32)
    {alloc}
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (block $fits
      (loop $more
        (br_if $fits (i32.ge_u (i32.mul (memory.size) (i32.const 0x10000)) (global.get $free)))
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
        (br $more)))
    (local.get $at))

  ;; Reads the account and begins an empty plan, or answers the error that came instead.
  (func $plan (param $id i32) (param $id-len i32)
    (call $get-account (local.get $id) (local.get $id-len) (i32.const 0x1000))
    (if (i32.load8_u (i32.const 0x1000))
      (then (memory.copy (i32.const 0x2000) (i32.const 0x1000) (i32.const 24)) (return)))
    (i32.store (i32.const 0x2008) (local.get $id))
    (i32.store (i32.const 0x200c) (local.get $id-len))
    (i64.store (i32.const 0x2010) (i64.load (i32.const 0x1010)))
    (i64.store (i32.const 0x2018) (call $now)))

  ;; Reads every monitored number and every candidate.
  (func $look-around (param $id i32) (param $id-len i32)
    (call $monitored (local.get $id) (local.get $id-len) (i64.const 0) (i32.const 1000) (i32.const 0x1200))
    (call $candidates (local.get $id) (local.get $id-len) (i64.const 0) (i32.const 1000) (i32.const 0x1100)))

  ;; One more element of a list in the answer: where it is to stand.
  (func $append (param $list i32) (param $first i32) (param $size i32) (result i32)
    (local $len i32)
    (local.set $len (i32.load offset=4 (local.get $list)))
    (i32.store (local.get $list) (local.get $first))
    (i32.store offset=4 (local.get $list) (i32.add (local.get $len) (i32.const 1)))
    (i32.add (local.get $first) (i32.mul (local.get $len) (local.get $size))))

  (func $rate (param $number i64) (param $status i32)
    (local $at i32)
    (local.set $at (call $append (i32.const 0x2020) (i32.const 0x5000) (i32.const 16)))
    (i64.store (local.get $at) (local.get $number))
    (i32.store8 offset=8 (local.get $at) (local.get $status))
    (i32.store16 offset=14 (local.get $at) (i32.const 2)))

  ;; One more action: where its fields are to stand.
  (func $act (param $case i32) (result i32)
    (local $at i32)
    (local.set $at (call $append (i32.const 0x2028) (i32.const 0x6000) (i32.const 40)))
    (i32.store8 (local.get $at) (local.get $case))
    (i32.add (local.get $at) (i32.const 8)))

  (func $occupy (param $number i64) (param $slot i32)
    (local $at i32)
    (local.set $at (call $act (i32.const 0)))
    (i64.store (local.get $at) (local.get $number))
    (i32.store offset=8 (local.get $at) (local.get $slot)))

  (func $lock (param $number i64) (param $slot i32) (param $until i64)
    (local $at i32)
    (local.set $at (call $act (i32.const 1)))
    (i64.store (local.get $at) (local.get $number))
    (i32.store offset=8 (local.get $at) (local.get $slot))
    (i64.store offset=16 (local.get $at) (local.get $until)))

  (func $release (param $number i64)
    (i64.store (call $act (i32.const 2)) (local.get $number)))

  (func $replace (param $number i64) (param $replacement i64) (param $slot i32)
    (call $replace-because (local.get $number) (local.get $replacement) (local.get $slot)
      (i32.const 0x3200) (i32.const 19)))

  (func $replace-because
    (param $number i64) (param $replacement i64) (param $slot i32) (param $because i32) (param $because-len i32)
    (local $at i32)
    (local.set $at (call $act (i32.const 3)))
    (i64.store (local.get $at) (local.get $number))
    (i64.store offset=8 (local.get $at) (local.get $replacement))
    (i32.store offset=16 (local.get $at) (local.get $slot))
    (i32.store offset=24 (local.get $at) (local.get $because))
    (i32.store offset=28 (local.get $at) (local.get $because-len)))

  ;; A notice about a number (0: about none). Its kind stands at 0x8000, its text elsewhere.
  (func $notice (param $kind-len i32) (param $number i64) (param $text i32) (param $text-len i32)
    (local $at i32)
    (local.set $at (call $append (i32.const 0x2030) (i32.const 0x7000) (i32.const 40)))
    (i32.store offset=4 (local.get $at) (i32.const 0x8000))
    (i32.store offset=8 (local.get $at) (local.get $kind-len))
    (i32.store8 offset=16 (local.get $at) (i64.ne (local.get $number) (i64.const 0)))
    (i64.store offset=24 (local.get $at) (local.get $number))
    (i32.store offset=32 (local.get $at) (local.get $text))
    (i32.store offset=36 (local.get $at) (local.get $text-len)))

  (func (export "dialguard:reputation/policy@0.2.0#describe") (result i32)
    {describe}
    (i32.const 0x3000))

  (func (export "dialguard:reputation/policy@0.2.0#check-settings")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.const 0x4000))

  (func (export "dialguard:reputation/policy@0.2.0#review-account") (param $id i32) (param $id-len i32) (result i32)
    (call $plan (local.get $id) (local.get $id-len))
    (if (i32.eqz (i32.load8_u (i32.const 0x2000))) (then
      {review}))
    (i32.const 0x2000))

  ;; Answers `accepted` for every number.
  (func (export "dialguard:reputation/policy@0.2.0#decide")
    (param $id i32) (param $id-len i32) (param $case i32) (param $numbers i32) (param $numbers-len i32) (param i32)
    (result i32)
    (call $plan (local.get $id) (local.get $id-len))
    (i32.store (i32.const 0x2038) (i32.const 0x4000))
    (i32.store (i32.const 0x203c) (local.get $numbers-len))
    (call $owned (local.get $id) (local.get $id-len) (local.get $numbers) (local.get $numbers-len) (i32.const 0x1100))
    {decide}
    (i32.const 0x2000))

  (func (export "dialguard:reputation/policy@0.2.0#screen") (param i32 i32 i32 i32) (result i32)
    (i32.const 0x4000))

  (func (export "dialguard:reputation/policy@0.2.0#get-usage") (param i32 i32) (result i32)
    (i32.const 0x4000))

  (func
    (export "cabi_post_dialguard:reputation/policy@0.2.0#describe")
    (export "cabi_post_dialguard:reputation/policy@0.2.0#check-settings")
    (export "cabi_post_dialguard:reputation/policy@0.2.0#review-account")
    (export "cabi_post_dialguard:reputation/policy@0.2.0#decide")
    (export "cabi_post_dialguard:reputation/policy@0.2.0#screen")
    (export "cabi_post_dialguard:reputation/policy@0.2.0#get-usage")
    (param i32)
    {post}))
