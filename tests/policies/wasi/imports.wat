  ;; What the policy looks at outside the contract. Stands last in the component, where it shifts nobody's index; so the
  ;; policy calls it through a table, which is filled here.
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-environment" (func (result (list (tuple string string)))))
    (export "get-arguments" (func (result (list string))))))
  (import "wasi:filesystem/types@0.2.0" (instance $files (export "descriptor" (type (sub resource)))))
  (alias export $files "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
    (export "descriptor" (type $opened (eq $descriptor)))
    (export "get-directories" (func (result (list (tuple (own $opened) string)))))))
  (import "wasi:clocks/wall-clock@0.2.0" (instance $wall-clock
    (type $fields (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $fields)))
    (export "now" (func (result $datetime)))))
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $monotonic-clock
    (export "pollable" (type $awaited (eq $pollable)))
    (export "now" (func (result u64)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $awaited))))))
  (import "wasi:random/random@0.2.0" (instance $random (export "get-random-u64" (func (result u64)))))
  (import "wasi:sockets/network@0.2.0" (instance $network
    (type $families (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type (eq $families)))
    (type $codes (enum
      "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout" "concurrency-conflict"
      "not-in-progress" "would-block" "invalid-state" "new-socket-limit" "address-not-bindable" "address-in-use"
      "remote-unreachable" "connection-refused" "connection-reset" "connection-aborted" "datagram-too-large"
      "name-unresolvable" "temporary-resolver-failure" "permanent-resolver-failure"))
    (export "error-code" (type (eq $codes)))))
  (alias export $network "ip-address-family" (type $family))
  (alias export $network "error-code" (type $code))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp (export "tcp-socket" (type (sub resource)))))
  (alias export $tcp "tcp-socket" (type $socket))
  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $sockets
    (export "ip-address-family" (type $asked (eq $family)))
    (export "error-code" (type $refusal (eq $code)))
    (export "tcp-socket" (type $made (eq $socket)))
    (export "create-tcp-socket" (func
      (param "address-family" $asked) (result (result (own $made) (error $refusal)))))))

  (core func $get-environment (canon lower (func $environment "get-environment") (memory $memory) (realloc $realloc)))
  (core func $get-arguments (canon lower (func $environment "get-arguments") (memory $memory) (realloc $realloc)))
  (core func $get-directories (canon lower (func $preopens "get-directories") (memory $memory) (realloc $realloc)))
  (core func $wall-clock (canon lower (func $wall-clock "now") (memory $memory)))
  (core func $monotonic-clock (canon lower (func $monotonic-clock "now")))
  (core func $subscribe (canon lower (func $monotonic-clock "subscribe-duration")))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core func $random (canon lower (func $random "get-random-u64")))
  (core func $create-socket (canon lower (func $sockets "create-tcp-socket") (memory $memory)))
  (core module $fill
    (import "policy" "wasi" (table 9 funcref))
    (import "wasi" "0" (func (param i32)))
    (import "wasi" "1" (func (param i32)))
    (import "wasi" "2" (func (param i32)))
    (import "wasi" "3" (func (param i32)))
    (import "wasi" "4" (func (result i64)))
    (import "wasi" "5" (func (param i64) (result i32)))
    (import "wasi" "6" (func (param i32)))
    (import "wasi" "7" (func (result i64)))
    (import "wasi" "8" (func (param i32 i32)))
    (elem (i32.const 0) func 0 1 2 3 4 5 6 7 8))
  (core instance $wasi
    (export "0" (func $get-environment))
    (export "1" (func $get-arguments))
    (export "2" (func $get-directories))
    (export "3" (func $wall-clock))
    (export "4" (func $monotonic-clock))
    (export "5" (func $subscribe))
    (export "6" (func $block))
    (export "7" (func $random))
    (export "8" (func $create-socket)))
  (core instance (instantiate $fill (with "policy" (instance $main)) (with "wasi" (instance $wasi))))
