;; No policy, but a component that says it is one, for a version of the contract that there is not.
(component
  (core module $module (func (export "describe")))
  (core instance $instance (instantiate $module))
  (func $describe (canon lift (core func $instance "describe")))
  (instance $policy (export "describe" (func $describe)))
  (export "dialguard:reputation/policy@0.9.0" (instance $policy)))
