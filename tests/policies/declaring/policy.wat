;; The core module of a policy that declares any settings, accepts whatever is in range, and rates no number. Places in
;; braces are filled by `Declaring` in tests/harness/.
(module
  (import "dialguard:reputation/clock@0.3.0" "now" (func $now (result i64)))
  (import "dialguard:reputation/number-inventory@0.3.0" "get-account" (func $get-account (param i32 i32 i32)))
  (memory (export "memory") 8)
  (global $account i32 (i32.const 0x1000))
  (global $answer i32 (i32.const 0x2000))
  (global $zeros i32 (i32.const 0x4000))
  (global $description i32 (i32.const {description}))
  (data (i32.const {description}) "{data}")
  ;; From here on the host hands in data.
  (global $free (mut i32) (i32.const 0x40000))

  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.get $at))

  (func (export "dialguard:reputation/policy@0.3.0#describe") (result i32)
    (global.get $description))

  (func (export "dialguard:reputation/policy@0.3.0#check-settings") (param i32 i32) (result i32)
    (global.get $zeros))

  ;; An empty plan for the account as it is.
  (func (export "dialguard:reputation/policy@0.3.0#review-account") (param $id i32) (param $id-len i32) (result i32)
    (call $get-account (local.get $id) (local.get $id-len) (global.get $account))
    (if (i32.load8_u (global.get $account))
      (then (return (global.get $account))))
    (i32.store offset=8 (global.get $answer) (local.get $id))
    (i32.store offset=12 (global.get $answer) (local.get $id-len))
    (i64.store offset=16 (global.get $answer) (i64.load offset=16 (global.get $account)))
    (i64.store offset=24 (global.get $answer) (call $now))
    (global.get $answer))

  (func (export "dialguard:reputation/policy@0.3.0#decide") (param i32 i32 i32 i32 i32 i32) (result i32)
    unreachable)

  (func (export "dialguard:reputation/policy@0.3.0#screen") (param i32 i32 i32 i32) (result i32)
    (global.get $zeros))

  (func (export "dialguard:reputation/policy@0.3.0#get-usage") (param i32 i32) (result i32)
    (global.get $zeros))

  (func
    (export "cabi_post_dialguard:reputation/policy@0.3.0#describe")
    (export "cabi_post_dialguard:reputation/policy@0.3.0#check-settings")
    (export "cabi_post_dialguard:reputation/policy@0.3.0#review-account")
    (export "cabi_post_dialguard:reputation/policy@0.3.0#decide")
    (export "cabi_post_dialguard:reputation/policy@0.3.0#screen")
    (export "cabi_post_dialguard:reputation/policy@0.3.0#get-usage")
    (param i32)))
