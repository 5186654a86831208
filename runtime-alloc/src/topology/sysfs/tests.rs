//! Synthetic machines: whole, partial and broken.

use super::*;
use std::collections::BTreeMap;
use std::format;
use std::string::ToString;
use std::vec;

type Files = BTreeMap<String, String>;

fn cpus(files: &Files) -> Result<Vec<Cpu>, Trouble> {
    read(|path| files.get(path).cloned())
}

/// 2 nodes × 2 caches × 2 cores × 2 threads, numbered as Linux on x86 does: the second threads come after all the first.
fn machine() -> Files {
    let mut files = Files::new();
    let mut put = |path: String, text: String| assert_eq!(files.insert(path, format!("{text}\n")), None);
    put(ONLINE.into(), "0-15".into());
    put(NODES.into(), "0-1".into());
    put(STATUS.into(), "Name:\ttest\nCpus_allowed:\tffff\nCpus_allowed_list:\t0-15\nMems_allowed_list:\t0".into());
    for node in 0..2 {
        let first = node * 4;
        put(
            format!("/sys/devices/system/node/node{node}/cpulist"),
            format!("{first}-{},{}-{}", first + 3, first + 8, first + 11),
        );
    }
    for id in 0..16 {
        let dir = format!("/sys/devices/system/cpu/cpu{id}");
        let core = id % 8;
        put(format!("{dir}/topology/core_cpus_list"), format!("{core},{}", core + 8));
        let cache = core / 2 * 2;
        let shared = format!("{cache}-{},{}-{}", cache + 1, cache + 8, cache + 9);
        let threads = format!("{core},{}", core + 8);
        let caches =
            [(1, "Data", &threads), (1, "Instruction", &threads), (2, "Unified", &threads), (3, "Unified", &shared)];
        for (index, (level, kind, members)) in caches.into_iter().enumerate() {
            put(format!("{dir}/cache/index{index}/level"), level.to_string());
            put(format!("{dir}/cache/index{index}/type"), kind.to_string());
            put(format!("{dir}/cache/index{index}/shared_cpu_list"), members.clone());
        }
    }
    files
}

#[test]
fn two_nodes_of_two_caches_of_two_cores_of_two_threads() {
    let found = cpus(&machine()).expect("a whole machine");
    assert_eq!(found.len(), 16);
    for (id, cpu) in found.iter().enumerate() {
        let core = id as u32 % 8;
        assert_eq!(*cpu, Cpu { id: id as u32, core, cache: core / 2 * 2, node: core / 4 });
    }
}

#[test]
fn only_what_the_process_may_use() {
    let mut files = machine();
    files.insert(STATUS.into(), "Cpus_allowed_list:\t1,6-7,14,99\n".into());
    let ids: Vec<u32> = cpus(&files).expect("a machine").iter().map(|cpu| cpu.id).collect();
    assert_eq!(ids, [1, 6, 7, 14]);
    files.insert(STATUS.into(), "Cpus_allowed_list:\t99\n".into());
    assert_eq!(cpus(&files), Err(Trouble::NoneLeft));
}

#[test]
fn only_what_runs() {
    let mut files = machine();
    files.insert(ONLINE.into(), "0-6\n".into());
    assert_eq!(cpus(&files).expect("a machine").len(), 7);
}

#[test]
fn the_file_of_an_old_kernel_names_the_core() {
    let mut files = machine();
    let old = files.keys().filter(|path| path.ends_with("core_cpus_list")).cloned().collect::<Vec<_>>();
    for path in old {
        let text = files.remove(&path).expect("a file of the machine");
        files.insert(path.replace("core_cpus_list", "thread_siblings_list"), text);
    }
    assert_eq!(cpus(&files), cpus(&machine()));
}

#[test]
fn a_kernel_that_tells_little_has_equal_processors() {
    let files = Files::from([(ONLINE.to_string(), "0-1\n".to_string())]);
    let equal = vec![Cpu { id: 0, core: 0, cache: 0, node: 0 }, Cpu { id: 1, core: 1, cache: 0, node: 0 }];
    assert_eq!(cpus(&files), Ok(equal));
}

#[test]
fn without_caches_a_node_is_one() {
    let mut files = machine();
    files.retain(|path, _| !path.contains("/cache/"));
    for cpu in cpus(&files).expect("a machine") {
        assert_eq!(cpu.cache, cpu.node * 4);
    }
}

#[test]
fn a_cache_of_instructions_is_not_the_last_cache() {
    let mut files = machine();
    for (_, text) in files.iter_mut().filter(|(path, _)| path.ends_with("/type")) {
        *text = "Instruction\n".into();
    }
    for cpu in cpus(&files).expect("a machine") {
        assert_eq!(cpu.cache, cpu.node * 4);
    }
}

#[test]
fn no_files_at_all() {
    assert_eq!(cpus(&Files::new()), Err(Trouble::Absent(ONLINE.into())));
}

#[test]
fn each_file_broken_in_each_way_is_named_or_harmless() {
    let whole = machine();
    let texts = ["", "\u{fffd}\u{fffd}", "-", "0-", "7-3", "nonsense", "0-4294967295", "4096", "18446744073709551616"];
    let mut named = 0;
    for path in whole.keys() {
        for text in texts {
            let mut files = whole.clone();
            files.insert(path.clone(), text.into());
            match cpus(&files) {
                Ok(cpus) => assert!(!cpus.is_empty() && cpus.is_sorted_by_key(|cpu| cpu.id)),
                Err(Trouble::Broken(at)) => {
                    assert_eq!(at, *path, "the wrong file is blamed");
                    named += 1;
                }
                Err(Trouble::NoneLeft) => assert_eq!(path, ONLINE),
                Err(Trouble::Absent(at)) => {
                    assert!(path == NODES && text == "0-" || at == *path, "{at} is not absent because of {path}");
                }
                Err(trouble) => panic!("{path} with {text:?}: {trouble}"),
            }
        }
        if cfg!(miri) && named > 20 {
            break;
        }
    }
    assert!(named > 20, "only {named} broken files were noticed");
}

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn this_machine_has_processors_in_order() {
    let survey = Sysfs::survey();
    assert!(!survey.cpus.is_empty());
    assert!(survey.cpus.is_sorted_by(|a, b| a.id < b.id));
    let mut told = Vec::new();
    Sysfs::for_each_cpu(|cpu| told.push(cpu));
    assert_eq!(told, survey.cpus);
}

#[test]
fn distances_have_a_column_for_each_node_that_is_online() {
    let mut files = machine();
    files.insert(NODES.into(), "0,2-3\n".into());
    files.insert("/sys/devices/system/node/node2/distance".into(), "21 10 31\n".into());
    let far = |from, to| distance(|path| files.get(path).cloned(), from, to);
    assert_eq!([far(2, 0), far(2, 2), far(2, 3)], [Some(21), Some(10), Some(31)]);
    // No such node, no such file.
    assert_eq!([far(2, 1), far(0, 2)], [None, None]);
    files.insert("/sys/devices/system/node/node2/distance".into(), "21 near\n".into());
    let far = |from, to| distance(|path| files.get(path).cloned(), from, to);
    assert_eq!([far(2, 2), far(2, 3)], [None, None]);
}

#[test]
#[cfg_attr(miri, ignore = "reads files of the system")]
fn this_machine_says_or_the_usual_is_said() {
    assert!(Sysfs::distance(0, 0) >= 10);
    assert_eq!(Sysfs::distance(90_000, 90_001), 20);
}

#[test]
fn the_time_is_what_the_standard_library_finds() {
    assert_eq!(Sysfs::parallelism(), std::thread::available_parallelism().ok());
}
