//! Who called: addresses of code on the stack, and what they are called.

use std::collections::HashMap;

/// Frames that are kept of a stack.
const FRAMES: usize = 32;

/// The addresses on a stack, the innermost first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Stack {
    frames: [usize; FRAMES],
    length: u8,
}

/// Calls `each` with the addresses on the stack of this thread, the innermost first, for as long as it returns true.
pub(crate) fn walk(mut each: impl FnMut(usize) -> bool) {
    // SAFETY: what is asked is that no thread is at something meanwhile that must not be used by two. The unwinders of Unix and of
    // 64-bit Windows may be called by several threads at once, each for its own stack. On 32-bit Windows `dbghelp` must not, and
    // the crate takes a lock of its own around that in any case. The lock that this goes without is for resolving symbols as well,
    // which is done later, with it. (With it here, a thread that is printing a backtrace while it allocates would wait for itself.)
    unsafe { backtrace::trace_unsynchronized(|frame| each(frame.ip().addr())) }
}

/// Calls `each` with the functions at an address of code, the innermost first: more than one, if one is inlined into another.
pub(crate) fn resolve(address: usize, mut each: impl FnMut(Function)) {
    backtrace::resolve(core::ptr::without_provenance_mut(address), |symbol| {
        let Some(name) = symbol.name() else { return };
        let mut shown = without_arguments(&format!("{name:#}"));
        let mut machinery = is_below(&shown, &MACHINERY);
        if let Some(path) = symbol.filename() {
            let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            shown += &format!(" at {file}:{}", symbol.lineno().unwrap_or(0));
            let path = path.to_string_lossy().replace('\\', "/");
            machinery |= MACHINERY_PATHS.iter().any(|part| path.contains(part));
        }
        each(Function { shown, machinery });
    });
}

/// A function's name without its generic arguments, which compilers write down in several ways, or not at all: they say little
/// about who called, and can be longer than all the rest.
fn without_arguments(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    let (mut depth, mut last) = (0_usize, ' ');
    for character in name.chars() {
        match character {
            // Behind a name, or in it.
            '<' if depth > 0 || matches!(last, ':' | '_' | '}') || last.is_alphanumeric() => {
                depth += 1;
                if depth == 1 && shown.ends_with("::") {
                    shown.truncate(shown.len() - 2);
                }
            }
            // The arrow of a function's type.
            '>' if depth > 0 && last != '-' => depth -= 1,
            _ if depth == 0 => shown.push(character),
            _ => {}
        }
        last = character;
    }
    shown
}

/// A function on a stack.
#[derive(Clone)]
pub(crate) struct Function {
    /// Its name, and its file and line where they are known.
    pub(crate) shown: String,
    /// Whether it lies between an allocator and whoever wants memory, so that it is not meant by "who called".
    machinery: bool,
}

/// Whether a name is that of a function below one of these modules.
pub(crate) fn is_below(name: &str, modules: &[&str]) -> bool {
    modules.iter().any(|module| name.trim_start_matches(['<', '&']).starts_with(module))
}

/// Where the functions between an allocator and whoever wants memory are.
const MACHINERY: [&str; 10] = [
    "arenite::",
    "backtrace::",
    "__rust",
    "__rustc::",
    "__rdl_",
    "alloc::",
    "allocator_api2::",
    "core::",
    "hashbrown::",
    "std::collections::",
];

/// The same, as parts of paths: programs that have only the tables of lines know no modules of inlined functions.
const MACHINERY_PATHS: [&str; 6] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/src/"),
    "/library/alloc/",
    "/library/core/",
    "/backtrace-",
    "/hashbrown-",
    "/allocator-api2-",
];

/// What runs a program or a thread, and is on each stack.
const START: [&str; 4] =
    ["std::rt::lang_start", "std::sys::backtrace::__rust_begin_short_backtrace", "__libc_start", "_start"];

impl Stack {
    /// The stack of this thread.
    #[inline(never)]
    pub(crate) fn here() -> Self {
        let mut stack = Self { frames: [0; FRAMES], length: 0 };
        walk(|address| {
            stack.frames[usize::from(stack.length)] = address;
            stack.length += 1;
            usize::from(stack.length) < FRAMES
        });
        stack
    }

    /// The functions on the stack, the innermost first, from the first that wanted memory for itself, as far as can be told;
    /// each once; with file and line where they are known.
    pub(crate) fn names(&self) -> Vec<String> {
        self.names_by(&mut HashMap::new())
    }

    /// The same, for many: what was asked once is remembered.
    pub(crate) fn names_by(&self, known: &mut HashMap<usize, Vec<Function>>) -> Vec<String> {
        const SHOWN: usize = 24;
        let mut functions = Vec::new();
        for address in &self.frames[..usize::from(self.length)] {
            let found = known.entry(*address).or_insert_with(|| {
                let mut found = Vec::new();
                resolve(*address, |function| found.push(function));
                found
            });
            functions.extend_from_slice(found);
        }
        let starts = |function: &Function| function.shown == "main" || is_below(&function.shown, &START);
        let end = functions.iter().position(starts).unwrap_or(functions.len());
        let first = functions[..end].iter().position(|function| !function.machinery).unwrap_or(0);
        let mut names: Vec<String> = Vec::new();
        for function in &functions[first..end] {
            // How deep a recursion was says nothing about who called.
            if names.len() < SHOWN && !names.contains(&function.shown) {
                names.push(function.shown.clone());
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::without_arguments;

    #[test]
    fn names_go_without_generic_arguments() {
        for (name, shown) in [
            ("main", "main"),
            ("a::b::<c::D<e::F>>", "a::b"),
            ("a::b::<fn() -> c::D<E>, F>::{closure#0}::<G>", "a::b::{closure#0}"),
            ("<a::B<C> as d::E<F>>::g::<fn(H) -> I>", "<a::B as d::E>::g"),
            ("b<c::D<e::F>, 3>", "b"),
            ("<&a::B as d::E>::g", "<&a::B as d::E>::g"),
        ] {
            assert_eq!(without_arguments(name), shown);
        }
    }
}
