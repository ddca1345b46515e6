//! Memory of JavaScript's, lent for the length of one call: messages that are delivered, and the buffer that is drained
//! into. Nothing of it is kept, and no memory of Rust's is ever lent to JavaScript: Electron's engine refuses that.
#![allow(unsafe_code, reason = "memory of JavaScript's is lent by pointer and length")]

use std::ptr;

use napi::bindgen_prelude::{JsValue, Unknown};
use napi::{Env, sys};

use crate::code::{Code, Error, error};

/// The bytes of a `Uint8Array`.
struct Lent {
    data: *mut u8,
    length: usize,
}

/// Reads a message. The slice is good while the value is: for the length of the call.
pub(crate) fn input<'a>(env: &Env, value: &'a Unknown<'_>) -> Result<&'a [u8], Error> {
    let Lent { data, length } = look(env, value)?;
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: Node says that `length` bytes stand at `data`. They stay there while `value` is in scope, which keeps the
    // array alive, and nobody writes to them: JavaScript's thread is in this call, and other threads do not see them,
    // since `look` refuses shared memory.
    Ok(unsafe { std::slice::from_raw_parts(data, length) })
}

/// Borrows the buffer to drain into.
pub(crate) fn output<'a>(env: &Env, value: &'a mut Unknown<'_>) -> Result<&'a mut [u8], Error> {
    let Lent { data, length } = look(env, value)?;
    if length == 0 {
        return Ok(&mut []);
    }
    // SAFETY: as in `input`; and no other slice of this memory is alive: an entry point borrows one array at most.
    Ok(unsafe { std::slice::from_raw_parts_mut(data, length) })
}

fn look(env: &Env, value: &Unknown<'_>) -> Result<Lent, Error> {
    let (env, value) = (env.raw(), value.raw());
    let mut kind = sys::TypedarrayType::int8_array;
    let (mut length, mut data, mut buffer) = (0, ptr::null_mut(), ptr::null_mut());
    // SAFETY: `env` and `value` belong to the call that is going on, and the pointers to locals of this function.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &mut kind,
            &mut length,
            &mut data,
            &mut buffer,
            ptr::null_mut(),
        )
    };
    if status != sys::Status::napi_ok || kind != sys::TypedarrayType::uint8_array {
        return Err(error(Code::NotBytes, "bytes are given as a Uint8Array"));
    }
    let mut plain = false;
    // SAFETY: as above; `buffer` is the value that the call above has given.
    let status = unsafe { sys::napi_is_arraybuffer(env, buffer, &mut plain) };
    if status != sys::Status::napi_ok || !plain {
        let text = "the bytes stand in a SharedArrayBuffer, where another thread can change them while they are read: \
                    copy them first, with `slice()` into an array of their own";
        return Err(error(Code::SharedBuffer, text));
    }
    if length == 0 {
        let mut detached = false;
        // SAFETY: as above.
        let status = unsafe { sys::napi_is_detached_arraybuffer(env, buffer, &mut detached) };
        if status == sys::Status::napi_ok && detached {
            let text = "the array's buffer was transferred, so that its bytes are elsewhere";
            return Err(error(Code::DetachedBuffer, text));
        }
    }
    Ok(Lent { data: data.cast(), length })
}
