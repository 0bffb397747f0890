//! How fast the engine says the devices are, and what it says of NVIDIA's driver.

use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use paddock_engine_api::{
    EngineError,
    protocol::{Event, Failure, FailureCode, FromEngine, LoadParams, PROTOCOL_VERSION, Request, ToEngine},
};

use crate::harness::{host, loaded_host, patiently, real_engine};

/// Send requests to a real engine, all at once, and give its first `answers` messages that are no heartbeats.
pub fn converse(requests: &[(u64, Request)], answers: usize, environment: &[(&str, &str)]) -> Vec<Event> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_real-engine"))
        .arg("engine")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let hello = (0, Request::Hello { protocol: PROTOCOL_VERSION });
    let mut lines = String::new();
    for (id, request) in std::iter::once(&hello).chain(requests) {
        lines.push_str(&serde_json::to_string(&ToEngine { id: *id, request: request.clone() }).unwrap());
        lines.push('\n');
    }
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines.as_bytes()).unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let messages = output.lines().map(|line| serde_json::from_str::<FromEngine>(&line.unwrap()).unwrap().event);
    let events = messages.filter(|event| !matches!(event, Event::Heartbeat { .. } | Event::Ready { .. }));
    let events = events.take(answers).collect();
    drop(stdin);
    child.wait().unwrap();
    events
}

/// End the engine's process while it works on `request`, and give what the request says of that.
#[cfg(unix)]
pub async fn killed_during<T: std::fmt::Debug>(
    host: &paddock_engine_api::EngineHost,
    request: impl Future<Output = Result<T, EngineError>>,
) -> paddock_engine_api::DeathCause {
    host.devices().await.unwrap();
    let paddock_core::Life::Running(pid) = *host.life().borrow() else { panic!("the engine should run") };
    let kill = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        crate::harness::signal(pid, rustix::process::Signal::KILL);
    };
    match patiently(async { tokio::join!(request, kill) }).await.0 {
        Err(EngineError::Died(death)) => death.cause,
        other => panic!("the engine should have died: {other:?}"),
    }
}

#[tokio::test]
async fn the_processor_has_a_rate_for_every_format() {
    let devices = patiently(host(real_engine()).benchmark()).await.unwrap();
    let cpu = devices.iter().find(|device| device.device == "CPU").expect("every computer has a processor");
    assert!(cpu.rates.n_threads > 0);
    for device in &devices {
        let rates = device.rates;
        for rate in [rates.f16_gb_s, rates.q8_0_gb_s, rates.k_quants_gb_s, rates.i_quants_gb_s] {
            // From a processor that is busy with something else to ten times the fastest card.
            assert!((0.01..100_000.0).contains(&rate), "{device:?}");
        }
    }
}

#[tokio::test]
async fn nothing_is_measured_while_a_model_is_loaded() {
    let (host, _) = loaded_host(LoadParams::default()).await;
    match host.benchmark().await {
        Err(EngineError::Failed(Failure { code: FailureCode::BadRequest, message, .. })) => {
            assert!(message.contains("Unload it first"), "{message}");
        }
        other => panic!("this should have been refused: {other:?}"),
    }
}

#[test]
fn a_measurement_that_takes_no_time_or_for_ever_is_refused() {
    let events =
        converse(&[(1, Request::Benchmark { seconds: 0.0 }), (2, Request::Benchmark { seconds: 1e30 })], 2, &[]);
    for event in &events {
        assert!(matches!(event, Event::Failed(Failure { code: FailureCode::BadRequest, .. })), "{event:?}");
    }
    assert_eq!(events.len(), 2);
}

#[test]
fn a_cancelled_measurement_says_so() {
    let events = converse(&[(1, Request::Benchmark { seconds: 10.0 }), (2, Request::Cancel { target: 1 })], 1, &[]);
    assert!(matches!(&events[..], [Event::Failed(Failure { code: FailureCode::Cancelled, .. })]), "{events:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn killed_while_measuring_it_says_how_and_the_next_one_works() {
    let host = host(real_engine());
    let cause = killed_during(&host, host.benchmark()).await;
    assert_eq!(cause, paddock_engine_api::DeathCause::Killed);
    assert!(!patiently(host.devices()).await.unwrap().is_empty());
}

/// A driver's library that says what `profile` tells it to (`crates/hardware/tests/nvml-stand-in`).
fn driver(folder: &tempfile::TempDir, profile: &str) -> String {
    let file = format!("{DLL_PREFIX}paddock_nvml_stand_in{DLL_SUFFIX}");
    let library = folder.path().join(&file);
    std::fs::copy(std::env::current_exe().unwrap().with_file_name(&file), &library).unwrap();
    std::fs::write(format!("{}.profile", library.display()), profile).unwrap();
    library.display().to_string()
}

const RTX_4090: &str = "driver 550.54.14\ncuda 12040\ncard NVIDIA GeForce RTX 4090\nmemory 25757220864 24000000000\n";

#[test]
fn the_child_tells_what_nvidias_driver_says() {
    let folder = tempfile::TempDir::new().unwrap();
    let library = driver(&folder, RTX_4090);
    let events = converse(&[(1, Request::ListDevices)], 1, &[("PADDOCK_NVML", &library)]);
    let [Event::Devices { nvidia, .. }] = &events[..] else { panic!("{events:?}") };
    let [card] = &nvidia.gpus[..] else { panic!("{nvidia:?}") };
    assert_eq!((card.name.as_str(), card.total_bytes), ("NVIDIA GeForce RTX 4090", Some(25_757_220_864)));
}

#[test]
fn a_driver_that_ends_its_process_ends_the_child_and_nothing_else() {
    let folder = tempfile::TempDir::new().unwrap();
    let library = driver(&folder, &format!("{RTX_4090}fail nvmlDeviceGetName abort\n"));
    let events = converse(&[(1, Request::ListDevices)], 1, &[("PADDOCK_NVML", &library)]);
    assert!(events.is_empty(), "{events:?}");
}

/// A driver's library that is not there, or is something else, must not cost the list of devices.
#[test]
fn a_broken_nvidia_driver_leaves_the_other_devices() {
    let folder = tempfile::TempDir::new().unwrap();
    let text = folder.path().join("libnvidia-ml.so.1");
    std::fs::write(&text, "this is not a library").unwrap();
    for library in [folder.path().join("missing.so"), text, folder.path().to_owned()] {
        let environment = [("PADDOCK_NVML", library.to_str().unwrap())];
        let events = converse(&[(1, Request::ListDevices)], 1, &environment);
        let [Event::Devices { devices, nvidia }] = &events[..] else { panic!("{library:?}: {events:?}") };
        assert!(devices.iter().any(|device| device.name == "CPU"), "{library:?}: {devices:?}");
        assert!(nvidia.gpus.is_empty(), "{library:?}: {nvidia:?}");
    }
}
