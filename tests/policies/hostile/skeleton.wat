;; The core module of a policy that means harm: what every policy has, a small kit for making plans, and places in
;; braces that `Hostile` in tests/harness/ fills. It plans what the contract allows, and then does what its `review` or `decide` says.
(module
  (import "dialguard:reputation/clock@0.2.0" "now" (func $now (result i64)))
  (import "dialguard:reputation/carrier-lookup@0.2.0" "look-up" (func $look-up (param i32 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.2.0" "get-account" (func $get-account (param i32 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.2.0" "monitored" (func $monitored (param i32 i32 i64 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.2.0" "owned" (func $owned (param i32 i32 i32 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.2.0" "candidates" (func $candidates (param i32 i32 i64 i32 i32)))
  (import "dialguard:reputation/number-inventory@0.2.0" "flag-events" (func $flag-events (param i32 i32 i64 i32)))
  (memory (export "memory") 4)

  ;; What lies where in memory. A list and a text are its address and, 4 bytes on, its length.
  (global $account i32 (i32.const 0x1000))
  (global $asked i32 (i32.const 0x1100))
  (global $numbers i32 (i32.const 0x1200))
  (global $answer i32 (i32.const 0x2000))
  (global $error.code i32 (i32.const 0x2008))
  (global $error.message i32 (i32.const 0x200c))
  (global $plan.account i32 (i32.const 0x2008))
  (global $plan.revision i32 (i32.const 0x2010))
  (global $plan.decided-at i32 (i32.const 0x2018))
  (global $plan.reviews i32 (i32.const 0x2020))
  (global $plan.actions i32 (i32.const 0x2028))
  (global $plan.notices i32 (i32.const 0x2030))
  (global $decision.outcomes i32 (i32.const 0x2038))
  (global $description i32 (i32.const 0x3000))
  (data (i32.const 0x3000) "\00\31\00\00\07\00\00\00\07\31\00\00\05\00\00\00\0c\31\00\00\0b\00\00\00")
  (global $texts i32 (i32.const 0x3100))
  (data (i32.const 0x3100) "hostile" "1.0.0" "Means harm.")
  (global $version i32 (i32.const 0x3107))
  (global $reason i32 (i32.const 0x3200))
  (data (i32.const 0x3200) "For no good reason.")
  (global $zeros i32 (i32.const 0x4000))
  (global $reviews i32 (i32.const 0x5000))
  (global $actions i32 (i32.const 0x6000))
  (global $notices i32 (i32.const 0x7000))
  (global $scratch i32 (i32.const 0x8000))
  (data (i32.const 0x8000) "{scratch}")
  ;; From here on the host hands in data.
  (global $free (mut i32) (i32.const 0x10000))
  ;; Beyond the memory it begins with: whoever writes here grows it first.
  (global $large i32 (i32.const 0x40000))

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
    (call $get-account (local.get $id) (local.get $id-len) (global.get $account))
    (if (i32.load8_u (global.get $account))
      (then (memory.copy (global.get $answer) (global.get $account) (i32.const 24)) (return)))
    (i32.store (global.get $plan.account) (local.get $id))
    (i32.store offset=4 (global.get $plan.account) (local.get $id-len))
    (i64.store (global.get $plan.revision) (i64.load offset=16 (global.get $account)))
    (i64.store (global.get $plan.decided-at) (call $now)))

  ;; Reads every monitored number and every candidate.
  (func $look-around (param $id i32) (param $id-len i32)
    (call $monitored (local.get $id) (local.get $id-len) (i64.const 0) (i32.const 1000) (global.get $numbers))
    (call $candidates (local.get $id) (local.get $id-len) (i64.const 0) (i32.const 1000) (global.get $asked)))

  ;; One more element of a list in the answer: where it is to stand.
  (func $append (param $list i32) (param $first i32) (param $size i32) (result i32)
    (local $len i32)
    (local.set $len (i32.load offset=4 (local.get $list)))
    (i32.store (local.get $list) (local.get $first))
    (i32.store offset=4 (local.get $list) (i32.add (local.get $len) (i32.const 1)))
    (i32.add (local.get $first) (i32.mul (local.get $len) (local.get $size))))

  (func $rate (param $number i64) (param $status i32)
    (local $at i32)
    (local.set $at (call $append (global.get $plan.reviews) (global.get $reviews) (i32.const 16)))
    (i64.store (local.get $at) (local.get $number))
    (i32.store8 offset=8 (local.get $at) (local.get $status))
    (i32.store16 offset=14 (local.get $at) (i32.const 2)))

  ;; One more action: where its fields are to stand.
  (func $act (param $case i32) (result i32)
    (local $at i32)
    (local.set $at (call $append (global.get $plan.actions) (global.get $actions) (i32.const 40)))
    (i32.store8 (local.get $at) (local.get $case))
    (i32.add (local.get $at) (i32.const 8)))

  ;; Where the fields of the latest action are.
  (func $last-action (result i32)
    (i32.add
      (i32.add (global.get $actions) (i32.const 8))
      (i32.mul (i32.sub (i32.load offset=4 (global.get $plan.actions)) (i32.const 1)) (i32.const 40))))

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

  ;; The same for a number that is to be deleted.
  (func $lock-to-delete (param $number i64) (param $slot i32) (param $until i64)
    (call $lock (local.get $number) (local.get $slot) (local.get $until))
    (i32.store8 (i32.add (call $last-action) (i32.const 24)) (i32.const 1)))

  (func $release (param $number i64)
    (i64.store (call $act (i32.const 2)) (local.get $number)))

  (func $replace (param $number i64) (param $replacement i64) (param $slot i32)
    (call $replace-because (local.get $number) (local.get $replacement) (local.get $slot)
      (global.get $reason) (i32.const 19)))

  (func $replace-because
    (param $number i64) (param $replacement i64) (param $slot i32) (param $because i32) (param $because-len i32)
    (local $at i32)
    (local.set $at (call $act (i32.const 3)))
    (i64.store (local.get $at) (local.get $number))
    (i64.store offset=8 (local.get $at) (local.get $replacement))
    (i32.store offset=16 (local.get $at) (local.get $slot))
    (i32.store offset=24 (local.get $at) (local.get $because))
    (i32.store offset=28 (local.get $at) (local.get $because-len)))

  ;; A replacement that a user requested.
  (func $replace-as-requested (param $number i64) (param $replacement i64) (param $slot i32)
    (call $replace (local.get $number) (local.get $replacement) (local.get $slot))
    (i32.store8 (i32.add (call $last-action) (i32.const 20)) (i32.const 1)))

  (func $set-blocks (param $blocks i32) (param $starting i64)
    (local $at i32)
    (local.set $at (call $act (i32.const 4)))
    (i32.store (local.get $at) (local.get $blocks))
    (i64.store offset=8 (local.get $at) (local.get $starting)))

  ;; One answer, for requests that are not about numbers.
  (func $answer-once
    (i32.store offset=4 (global.get $decision.outcomes) (i32.const 1)))

  ;; Refuses the first number, or the blocks: add-on-off.
  (func $refuse
    (i32.store (global.get $decision.outcomes) (global.get $scratch))
    (i32.store8 (global.get $scratch) (i32.const 1)))

  ;; A notice about a number (0: about none). Its kind is in $scratch, its text elsewhere.
  (func $notice (param $kind-len i32) (param $number i64) (param $text i32) (param $text-len i32)
    (local $at i32)
    (local.set $at (call $append (global.get $plan.notices) (global.get $notices) (i32.const 40)))
    (i32.store offset=4 (local.get $at) (global.get $scratch))
    (i32.store offset=8 (local.get $at) (local.get $kind-len))
    (i32.store8 offset=16 (local.get $at) (i64.ne (local.get $number) (i64.const 0)))
    (i64.store offset=24 (local.get $at) (local.get $number))
    (i32.store offset=32 (local.get $at) (local.get $text))
    (i32.store offset=36 (local.get $at) (local.get $text-len)))

  (func (export "dialguard:reputation/policy@0.2.0#describe") (result i32)
    {describe}
    (global.get $description))

  (func (export "dialguard:reputation/policy@0.2.0#check-settings")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (global.get $zeros))

  (func (export "dialguard:reputation/policy@0.2.0#review-account") (param $id i32) (param $id-len i32) (result i32)
    (call $plan (local.get $id) (local.get $id-len))
    (if (i32.eqz (i32.load8_u (global.get $answer))) (then
      {review}))
    (global.get $answer))

  ;; Answers `accepted` for every number.
  (func (export "dialguard:reputation/policy@0.2.0#decide")
    (param $id i32) (param $id-len i32) (param $case i32) (param $numbers i32) (param $numbers-len i32) (param i32)
    (result i32)
    (call $plan (local.get $id) (local.get $id-len))
    (i32.store (global.get $decision.outcomes) (global.get $zeros))
    (i32.store offset=4 (global.get $decision.outcomes) (local.get $numbers-len))
    (if (i32.ne (local.get $case) (i32.const 4)) ;; set-blocks has no numbers
      (then
        (call $owned
          (local.get $id) (local.get $id-len) (local.get $numbers) (local.get $numbers-len) (global.get $asked))))
    {decide}
    (global.get $answer))

  (func (export "dialguard:reputation/policy@0.2.0#screen") (param i32 i32 i32 i32) (result i32)
    (global.get $zeros))

  (func (export "dialguard:reputation/policy@0.2.0#get-usage") (param $id i32) (param $id-len i32) (result i32)
    {usage}
    (global.get $zeros))

  (func
    (export "cabi_post_dialguard:reputation/policy@0.2.0#describe")
    (export "cabi_post_dialguard:reputation/policy@0.2.0#check-settings")
    (export "cabi_post_dialguard:reputation/policy@0.2.0#review-account")
    (export "cabi_post_dialguard:reputation/policy@0.2.0#decide")
    (export "cabi_post_dialguard:reputation/policy@0.2.0#screen")
    (export "cabi_post_dialguard:reputation/policy@0.2.0#get-usage")
    (param i32)
    {post}))
