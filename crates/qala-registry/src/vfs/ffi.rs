//! The C side of the VFS: tables of callbacks, and the pointers behind them.
//!
//! What belongs here: every `unsafe` line of the registry. What does not: what a file does (`file`).
//!
//! The contract, from <https://www.sqlite.org/c3ref/vfs.html> and <https://www.sqlite.org/c3ref/io_methods.html>:
//! - a VFS object stays where it is while it is registered or a connection uses it ([`super::Vfs`] sees to it);
//! - SQLite allocates `szOsFile` bytes for a file and calls `xClose` once if, and only if, `xOpen` set `pMethods`;
//! - calls on one file are never concurrent; buffers hold the number of bytes that is passed with them.
#![expect(unsafe_code, reason = "SQLite's VFS is a C interface")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io;
use std::mem::size_of;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use libsqlite3_sys as sqlite;
use libsqlite3_sys::{sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

use super::Shared;
use super::file::{Creation, Mode, OpenFile, Refusal};

/// The unit in which disks write today; with power-safe overwrites SQLite hardly looks at it.
const SECTOR_BYTES: c_int = 4096;
const LONGEST_PATH: c_int = 1024;

/// What SQLite allocates for a file; `base` comes first, so a pointer to one is a pointer to the other.
#[repr(C)]
struct CFile {
    base: sqlite3_file,
    /// From `Box::into_raw`; owned by the handle between `xOpen` and `xClose`.
    open: *mut OpenFile,
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// A registered VFS object. Unregisters and frees it when dropped.
pub(super) struct Registration {
    vfs: *mut sqlite3_vfs,
}

// SAFETY: the pointer is only used by `drop`, which has it alone, and by SQLite, which guards its list of VFS
// objects with a mutex. What it points to is `Send` and `Sync` (`Shared`) or never changed after `new`.
unsafe impl Send for Registration {}
// SAFETY: there is no method that uses the pointer through a shared reference.
unsafe impl Sync for Registration {}

impl Registration {
    pub(super) fn new(name: &str, shared: Arc<Shared>) -> io::Result<Self> {
        let name = CString::new(name)?;
        let vfs = Box::into_raw(Box::new(sqlite3_vfs {
            iVersion: 1,
            szOsFile: size_of::<CFile>() as c_int,
            mxPathname: LONGEST_PATH,
            pNext: ptr::null_mut(),
            zName: name.into_raw(),
            pAppData: Arc::into_raw(shared).cast_mut().cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: Some(dl_open),
            xDlError: Some(dl_error),
            xDlSym: Some(dl_sym),
            xDlClose: Some(dl_close),
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(get_last_error),
            xCurrentTimeInt64: None,
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: `vfs` is a complete object on the heap that stays there until it is unregistered.
        let code = unsafe { sqlite::sqlite3_vfs_register(vfs, 0) };
        let registration = Self { vfs };
        if code == sqlite::SQLITE_OK {
            Ok(registration)
        } else {
            Err(io::Error::other(format!("SQLite refused a VFS (code {code})")))
        }
    }

    /// Gives the object up without freeing it.
    pub(super) fn leak(self) {
        // SAFETY: `vfs` points to the object made by `new`, which nobody frees.
        unsafe { sqlite::sqlite3_vfs_unregister(self.vfs) };
        std::mem::forget(self);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: the three pointers come from `into_raw` in `new` and are given back once; the owner has made
        // sure that no connection uses the object.
        unsafe {
            sqlite::sqlite3_vfs_unregister(self.vfs);
            let vfs = Box::from_raw(self.vfs);
            drop(CString::from_raw(vfs.zName.cast_mut()));
            drop(Arc::from_raw(vfs.pAppData.cast::<Shared>()));
        }
    }
}

/// Runs `body` with what the VFS object carries.
///
/// # Safety
/// `vfs` is an object made by [`Registration::new`] that is still alive.
unsafe fn with_shared<T>(vfs: *mut sqlite3_vfs, body: impl FnOnce(&Arc<Shared>) -> T) -> T {
    // SAFETY: `pAppData` is an `Arc` turned into a pointer, whose count the object holds; `ManuallyDrop` leaves
    // that count alone.
    let shared = unsafe { std::mem::ManuallyDrop::new(Arc::from_raw((*vfs).pAppData.cast::<Shared>())) };
    body(&shared)
}

/// The file behind a handle.
///
/// # Safety
/// `file` was opened by [`open`] and not yet closed, and no other call on it is running.
unsafe fn opened<'a>(file: *mut sqlite3_file) -> &'a mut OpenFile {
    // SAFETY: SQLite passes back the memory that `open` filled as a `CFile`.
    unsafe { &mut *(*file.cast::<CFile>()).open }
}

/// The text of a C path, without a leading slash.
///
/// # Safety
/// `path` ends with a NUL and lives as long as the caller needs the text.
unsafe fn text<'a>(path: *const c_char) -> Option<&'a str> {
    // SAFETY: as promised by the caller.
    let text = unsafe { CStr::from_ptr(path) }.to_str().ok()?;
    Some(text.trim_start_matches('/'))
}

fn failed(what: &'static str, error: &io::Error, code: c_int) -> c_int {
    tracing::debug!(%error, what, "disk operation of the registry failed");
    if error.kind() == io::ErrorKind::StorageFull {
        sqlite::SQLITE_FULL
    } else {
        code
    }
}

fn done(what: &'static str, outcome: io::Result<()>, code: c_int) -> c_int {
    match outcome {
        Ok(()) => sqlite::SQLITE_OK,
        Err(error) => failed(what, &error, code),
    }
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes its own VFS object, room for a `CFile`, a NUL-terminated name or NULL, and room for
    // the flags or NULL. `pMethods` stays NULL unless the file is open, so `close` is called only then.
    unsafe {
        (*file).pMethods = ptr::null();
        let outcome = with_shared(vfs, |shared| {
            if name.is_null() {
                return Ok(OpenFile::nameless(shared));
            }
            let Some(path) = text(name) else {
                return Err(Refusal::Io(io::ErrorKind::InvalidInput.into()));
            };
            let has = |flag: c_int| flags & flag != 0;
            let mode = Mode {
                creation: match (
                    has(sqlite::SQLITE_OPEN_CREATE),
                    has(sqlite::SQLITE_OPEN_EXCLUSIVE),
                ) {
                    (true, true) => Creation::Always,
                    (true, false) => Creation::IfMissing,
                    (false, _) => Creation::Never,
                },
                is_database: has(sqlite::SQLITE_OPEN_MAIN_DB),
                removed_at_close: has(sqlite::SQLITE_OPEN_DELETEONCLOSE),
            };
            OpenFile::named(shared, path, mode)
        });
        match outcome {
            Ok(open) => {
                (*file.cast::<CFile>()).open = Box::into_raw(Box::new(open));
                (*file).pMethods = &raw const METHODS;
                if !out_flags.is_null() {
                    *out_flags = flags;
                }
                sqlite::SQLITE_OK
            }
            Err(Refusal::InUse) => sqlite::SQLITE_BUSY,
            Err(Refusal::Io(error)) => failed("open", &error, sqlite::SQLITE_CANTOPEN),
        }
    }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: SQLite passes its own VFS object and a NUL-terminated name.
    unsafe {
        let Some(path) = text(name) else {
            return sqlite::SQLITE_IOERR_DELETE;
        };
        with_shared(vfs, |shared| {
            match shared.disk.remove(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return sqlite::SQLITE_IOERR_DELETE_NOENT;
                }
                Err(error) => return failed("remove", &error, sqlite::SQLITE_IOERR_DELETE),
                Ok(()) => {}
            }
            if sync_folder == 0 {
                return sqlite::SQLITE_OK;
            }
            done(
                "sync folder",
                shared.disk.sync_dir(qala_disk::parent(path)),
                sqlite::SQLITE_IOERR_DIR_FSYNC,
            )
        })
    }
}

unsafe extern "C" fn access(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    _flags: c_int,
    found: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes its own VFS object, a NUL-terminated name and room for the answer.
    unsafe {
        let Some(path) = text(name) else {
            return sqlite::SQLITE_IOERR_ACCESS;
        };
        *found = 0;
        with_shared(vfs, |shared| match shared.disk.stat(path) {
            // An empty journal is no journal, as in SQLite's own VFS.
            Ok(entry) => {
                *found = c_int::from(!entry.is_dir && entry.len > 0);
                sqlite::SQLITE_OK
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => sqlite::SQLITE_OK,
            Err(error) => failed("stat", &error, sqlite::SQLITE_IOERR_ACCESS),
        })
    }
}

unsafe extern "C" fn full_pathname(
    _vfs: *mut sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes a NUL-terminated name and `room` bytes; as many are written as were measured.
    unsafe {
        let Some(path) = text(name) else {
            return sqlite::SQLITE_CANTOPEN;
        };
        if usize::try_from(room).is_ok_and(|room| path.len() < room) {
            ptr::copy_nonoverlapping(path.as_ptr().cast(), out, path.len());
            *out.add(path.len()) = 0;
            sqlite::SQLITE_OK
        } else {
            sqlite::SQLITE_CANTOPEN
        }
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: called once for a file that `open` opened; the box is taken back and the handle marked closed.
    unsafe {
        (*file).pMethods = ptr::null();
        drop(Box::from_raw((*file.cast::<CFile>()).open));
    }
    sqlite::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    out: *mut c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    let length = usize::try_from(amount).unwrap_or(0);
    // SAFETY: the file is open and `out` has room for `amount` bytes, which SQLite does not touch meanwhile.
    // They are zeroed first, because a slice must not show uninitialised memory.
    let (file, buffer) = unsafe {
        ptr::write_bytes(out.cast::<u8>(), 0, length);
        (
            opened(file),
            std::slice::from_raw_parts_mut(out.cast::<u8>(), length),
        )
    };
    match file.read(offset.cast_unsigned(), buffer) {
        Ok(count) if count == length => sqlite::SQLITE_OK,
        Ok(_) => sqlite::SQLITE_IOERR_SHORT_READ,
        Err(error) => failed("read", &error, sqlite::SQLITE_IOERR_READ),
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    data: *const c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: the file is open and `data` holds `amount` bytes.
    let (file, data) = unsafe {
        let length = usize::try_from(amount).unwrap_or(0);
        (
            opened(file),
            std::slice::from_raw_parts(data.cast::<u8>(), length),
        )
    };
    done(
        "write",
        file.write(offset.cast_unsigned(), data),
        sqlite::SQLITE_IOERR_WRITE,
    )
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: the file is open.
    let file = unsafe { opened(file) };
    done(
        "truncate",
        file.truncate(size.cast_unsigned()),
        sqlite::SQLITE_IOERR_TRUNCATE,
    )
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: the file is open.
    let file = unsafe { opened(file) };
    done("sync", file.sync(), sqlite::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    // SAFETY: the file is open and there is room for the answer.
    let (file, size) = unsafe { (opened(file), &mut *size) };
    match file.size() {
        Ok(bytes) => {
            *size = bytes.cast_signed();
            sqlite::SQLITE_OK
        }
        Err(error) => failed("size", &error, sqlite::SQLITE_IOERR_FSTAT),
    }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    let file = unsafe { opened(file) };
    file.lock = file.lock.max(level);
    sqlite::SQLITE_OK
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    let file = unsafe { opened(file) };
    file.lock = file.lock.min(level);
    sqlite::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, held: *mut c_int) -> c_int {
    // SAFETY: the file is open and there is room for the answer. Only this connection can hold a lock.
    unsafe { *held = c_int::from(opened(file).lock >= sqlite::SQLITE_LOCK_RESERVED) };
    sqlite::SQLITE_OK
}

unsafe extern "C" fn file_control(_file: *mut sqlite3_file, _op: c_int, _argument: *mut c_void) -> c_int {
    sqlite::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut sqlite3_file) -> c_int {
    SECTOR_BYTES
}

unsafe extern "C" fn device_characteristics(_file: *mut sqlite3_file) -> c_int {
    // No promise of atomic or ordered writes. One promise of every `Disk`: a torn write harms only the bytes that
    // it was to write. Without it SQLite would pad each commit to a sector, and a disk that is full at the padding
    // refuses a commit that is whole on the disk and comes back after a crash (found by the simulation).
    sqlite::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn dl_open(_vfs: *mut sqlite3_vfs, _name: *const c_char) -> *mut c_void {
    ptr::null_mut()
}

unsafe extern "C" fn dl_error(_vfs: *mut sqlite3_vfs, room: c_int, message: *mut c_char) {
    if room > 0 {
        // SAFETY: there is room for at least one byte.
        unsafe { *message = 0 };
    }
}

unsafe extern "C" fn dl_sym(
    _vfs: *mut sqlite3_vfs,
    _library: *mut c_void,
    _symbol: *const c_char,
) -> Option<unsafe extern "C" fn(*mut sqlite3_vfs, *mut c_void, *const c_char)> {
    None
}

unsafe extern "C" fn dl_close(_vfs: *mut sqlite3_vfs, _library: *mut c_void) {}

unsafe extern "C" fn randomness(_vfs: *mut sqlite3_vfs, _room: c_int, _out: *mut c_char) -> c_int {
    // SQLite asks the default VFS for its seed, never this one.
    0
}

unsafe extern "C" fn sleep(_vfs: *mut sqlite3_vfs, micros: c_int) -> c_int {
    std::thread::sleep(Duration::from_micros(u64::try_from(micros).unwrap_or(0)));
    micros
}

unsafe extern "C" fn current_time(_vfs: *mut sqlite3_vfs, julian_day: *mut f64) -> c_int {
    // No wall clock decides anything: `datetime('now')` is 1970-01-01.
    // SAFETY: there is room for the answer.
    unsafe { *julian_day = 2_440_587.5 };
    sqlite::SQLITE_OK
}

unsafe extern "C" fn get_last_error(_vfs: *mut sqlite3_vfs, _room: c_int, _out: *mut c_char) -> c_int {
    0
}
