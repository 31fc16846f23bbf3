//! What the export macros stand on; not for modules to call.
use crate::buffers::{input, output, BUFFER_OCTETS};
use crate::call::Call;
use crate::config::Config;
use crate::errno::code;
use crate::panic;
use crate::state::Keeper;
use crate::{Event, Function, Reply, State, Stream};

static mut CALL: Call = Call::NEW;
static mut KEEPER: Keeper = Keeper::NEW;

fn call() -> &'static mut Call {
    // SAFETY: one thread, one call at a time, and each entry point below takes it once.
    unsafe { &mut CALL }
}

fn keeper() -> &'static mut Keeper {
    // SAFETY: as for `call`.
    unsafe { &mut KEEPER }
}

pub fn in_ptr() -> i32 {
    input().as_ptr() as i32
}

pub fn out_ptr() -> i32 {
    output().as_ptr() as i32
}

pub fn cap() -> i32 {
    BUFFER_OCTETS as i32
}

pub fn panic_ptr() -> i32 {
    panic::ptr()
}

pub fn panic_cap() -> i32 {
    panic::cap()
}

pub fn init<M: Stream>(module: &mut M, len: i32) -> i32 {
    keeper().configured();
    call().init(module, len)
}

pub fn on_batch<M: Stream>(module: &mut M, len: i32) -> i32 {
    call().batch(module, len)
}

pub fn on_tick<M: Stream>(module: &mut M, now_ms: f64) -> i32 {
    call().tick(module, now_ms)
}

pub fn snapshot<M: State>(module: &mut M, page: i32) -> i32 {
    keeper().snapshot(module, call(), page)
}

pub fn restore<M: State>(module: &mut M, len: i32) -> i32 {
    keeper().restore(module, call(), len)
}

pub fn init_function<F: Function>(function: &mut F, len: i32) -> i32 {
    code(Config::open(input(), len, F::FIELDS).and_then(|config| function.configure(&config)))
}

pub fn on_event<F: Function>(function: &mut F, len: i32) -> i32 {
    let mut reply = Reply::begin(output());
    match Event::open(input(), len).and_then(|event| function.on_event(&event, &mut reply)) {
        Ok(()) => reply.seal(),
        Err(errno) => errno as i32,
    }
}

/// Writes the exports of a stream module: `export!(Type)`, with `tick`, `state` or both after it.
#[macro_export]
macro_rules! export {
    (@tick $module:ident) => {
        #[no_mangle]
        pub extern "C" fn gw_on_tick(now_ms: f64) -> i32 {
            $crate::exports::on_tick(module(), now_ms)
        }
    };
    (@state $module:ident) => {
        #[no_mangle]
        pub extern "C" fn gw_snapshot(page: i32) -> i32 {
            $crate::exports::snapshot(module(), page)
        }
        #[no_mangle]
        pub extern "C" fn gw_restore(len: i32) -> i32 {
            $crate::exports::restore(module(), len)
        }
    };
    ($module:ident $(, $part:ident)*) => {
        $crate::export_buffers!();
        static mut MODULE: $module = <$module as $crate::Stream>::NEW;
        fn module() -> &'static mut $module {
            // SAFETY: one thread, one call at a time; each export takes it once.
            unsafe { &mut MODULE }
        }
        #[no_mangle]
        pub extern "C" fn gw_init(len: i32) -> i32 {
            $crate::exports::init(module(), len)
        }
        #[no_mangle]
        pub extern "C" fn gw_on_batch(len: i32) -> i32 {
            $crate::exports::on_batch(module(), len)
        }
        $($crate::export!(@$part $module);)*
    };
}

/// Writes the exports of a function: `export_function!(Type)`.
#[macro_export]
macro_rules! export_function {
    ($function:ident) => {
        $crate::export_buffers!();
        static mut FUNCTION: $function = <$function as $crate::Function>::NEW;
        #[no_mangle]
        pub extern "C" fn gw_init(len: i32) -> i32 {
            // SAFETY: one thread, one call at a time.
            $crate::exports::init_function(unsafe { &mut FUNCTION }, len)
        }
        #[no_mangle]
        pub extern "C" fn gw_on_event(len: i32) -> i32 {
            // SAFETY: as above.
            $crate::exports::on_event(unsafe { &mut FUNCTION }, len)
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! export_buffers {
    () => {
        #[no_mangle]
        pub extern "C" fn gw_abi_1_0() {}
        #[no_mangle]
        pub extern "C" fn gw_in_ptr() -> i32 {
            $crate::exports::in_ptr()
        }
        #[no_mangle]
        pub extern "C" fn gw_in_cap() -> i32 {
            $crate::exports::cap()
        }
        #[no_mangle]
        pub extern "C" fn gw_out_ptr() -> i32 {
            $crate::exports::out_ptr()
        }
        #[no_mangle]
        pub extern "C" fn gw_out_cap() -> i32 {
            $crate::exports::cap()
        }
        #[no_mangle]
        pub extern "C" fn gw_panic_ptr() -> i32 {
            $crate::exports::panic_ptr()
        }
        #[no_mangle]
        pub extern "C" fn gw_panic_cap() -> i32 {
            $crate::exports::panic_cap()
        }
    };
}
