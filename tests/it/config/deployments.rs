//! The deployments in `deploy/` are true: their configs pass the check, their policies are those of `config/iam`, and their ports, users
//! and paths are the image's. `.ci/deploy-check` has each judged by its own tools, and runs what can run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use glidepath::config::{Config, Role};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{glidepath, run, text};
use crate::support::places::package_root;

const COMPOSE: &str = "deploy/compose.yaml";
const SUBPATH: &str = "deploy/compose.subpath.yaml";
const KUBERNETES: &str = "deploy/kubernetes/glidepath.yaml";
const IAM: &str = "deploy/cloudformation/iam.yaml";
const EC2: &str = "deploy/cloudformation/ec2.yaml";
const UNIT: &str = "deploy/systemd/glidepath.service";

fn read(path: &str) -> String {
    fs::read_to_string(package_root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The documents of a file of YAML.
fn documents(path: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn document(path: &str) -> Value {
    let mut documents = documents(path);
    assert_eq!(documents.len(), 1, "{path}");
    documents.remove(0)
}

/// The object of a kind among those for Kubernetes.
fn kubernetes(kind: &str) -> Value {
    let mut found: Vec<Value> = documents(KUBERNETES).into_iter().filter(|object| object["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind}");
    found.remove(0)
}

/// Every file of the deployments, by its path in the repository.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // What somebody made there as the files say.
        if ["secrets", "backups", ".env"].iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.strip_prefix(package_root()).unwrap().display().to_string());
        }
    }
    found.sort();
    found
}

/// The user data of the instance: its text, and the two configs of which one goes into it.
fn user_data() -> (String, [String; 2]) {
    let template = document(EC2);
    let sub = &template["Resources"]["Instance"]["Properties"]["UserData"]["Fn::Base64"]["Fn::Sub"];
    let either = &sub[1]["Config"]["Fn::If"];
    let words = |value: &Value| value.as_str().expect("text").to_owned();
    (words(&sub[0]), [words(&either[1]["Fn::Sub"]), words(&either[2])])
}

/// Every config of the deployments by what it belongs to.
fn configs() -> Vec<(&'static str, String)> {
    let in_cluster = kubernetes("ConfigMap")["data"]["glidepath.toml"].as_str().expect("text").to_owned();
    let (_, [balanced, alone]) = user_data();
    let balanced = balanced
        .replace("${DashboardUrl}", "https://glidepath.example.com/")
        .replace("${LoadBalancerNetwork}", "10.0.0.0/16");
    vec![
        ("compose", read("deploy/compose/glidepath.toml")),
        ("compose below a path", read("deploy/compose/glidepath.subpath.toml")),
        ("systemd", read("deploy/systemd/glidepath.toml")),
        ("Kubernetes", in_cluster),
        ("EC2", alone),
        ("EC2 behind a load balancer", balanced),
    ]
}

/// The settings that are commented out, switched on as in the example of the config.
fn switched_on(config: &str) -> String {
    let is_setting = |line: &str| line.starts_with('#') && !line.starts_with("# ") && line != "#";
    let lines = config.lines().map(|line| if is_setting(line) { &line[1..] } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// A config as its daemon would find it, below a folder of this machine, with the secrets that it names.
fn laid_out(config: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let root = folder.path().display();
    let mut config = config.to_owned();
    for place in ["/var/lib/glidepath", "/var/backups/glidepath", "/run/secrets", "/etc/glidepath"] {
        fs::create_dir_all(format!("{root}{place}")).unwrap();
        config = config.replace(&format!("\"{place}"), &format!("\"{root}{place}"));
    }
    let secrets: Vec<String> =
        config.split("{ file = \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect();
    for (number, secret) in secrets.iter().enumerate() {
        let path = Path::new(secret);
        assert!(path.starts_with(folder.path()), "{secret} lies where no deployment has secrets");
        let address = if secret.ends_with("url") { "https://hooks.slack.com/services/" } else { "" };
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{address}0123456789abcdef0123456789abcdef{number}\n")).unwrap();
    }
    (folder, config)
}

#[test]
fn every_config_passes_the_check() {
    for (name, config) in configs() {
        for config in [switched_on(&config), config] {
            let (folder, config) = laid_out(&config);
            fs::write(folder.path().join("glidepath.toml"), &config).unwrap();
            let output = run(glidepath(folder.path(), None).arg("check"));
            let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
            assert_eq!(output.status.code(), Some(0), "{name}: {said}\n{config}");
            // Who made the test's files has let others read them; one disk is all that a test has, and who is told is filled in.
            let expected = [
                "holds a secret, and others",
                "lies on the disk of the store",
                "no [[channel]] is configured",
                "does not exist, and is made",
            ];
            let odd = said
                .lines()
                .find(|line| line.starts_with("warning") && !expected.iter().any(|words| line.contains(words)));
            assert_eq!(odd, None, "{name}");
        }
    }
}

#[test]
fn who_can_be_reached_has_a_token_and_who_is_behind_a_proxy_names_it() {
    for (name, config) in configs() {
        let (folder, config) = laid_out(&config);
        let config = Config::parse(&config, &folder.path().join("glidepath.toml")).unwrap();
        let is_open = !config.listen.ip().is_loopback();
        assert_eq!(is_open, config.tokens.iter().any(|token| token.role == Role::Founder), "{name}");
        assert_eq!((is_open, is_open), (!config.proxies.is_empty(), config.dashboard_url.is_some()), "{name}");
    }
}

/// What each policy of `config/iam` is called in a template: `backup-s3.json` is BackupS3.
fn name_of(policy: &str) -> String {
    let parts = policy.trim_end_matches(".json").split('-').map(|part| {
        let (first, rest) = part.split_at(1);
        first.to_uppercase() + rest
    });
    parts.collect()
}

/// The policies of `config/iam` by their names in templates.
fn policies() -> BTreeMap<String, Value> {
    let entries = fs::read_dir(package_root().join("config/iam")).unwrap().map(|entry| entry.unwrap().path());
    let json = entries.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    json.map(|path| {
        let name = name_of(path.file_name().unwrap().to_str().unwrap());
        (name, serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap())
    })
    .collect()
}

#[test]
fn the_templates_grant_what_the_policies_grant_each_by_a_parameter() {
    let expected = policies();
    assert!(expected.len() >= 2);
    let iam = document(IAM);
    let resources = iam["Resources"].as_object().unwrap().values();
    let managed: BTreeMap<String, Value> = resources
        .filter(|resource| resource["Type"] == "AWS::IAM::ManagedPolicy")
        .map(|resource| {
            let condition = resource["Condition"].as_str().expect("a policy that can be left out").to_owned();
            (condition, resource["Properties"]["PolicyDocument"].clone())
        })
        .collect();
    assert_eq!(managed, expected, "{IAM}");

    let ec2 = document(EC2);
    let inline = ec2["Resources"]["Role"]["Properties"]["Policies"].as_array().unwrap();
    let inline: BTreeMap<String, Value> = inline
        .iter()
        .filter_map(|policy| {
            let either = policy.get("Fn::If")?;
            Some((either[0].as_str()?.to_owned(), either[1]["PolicyDocument"].clone()))
        })
        .collect();
    assert_eq!(inline, expected, "{EC2}");

    for (template, path) in [(&iam, IAM), (&ec2, EC2)] {
        for name in expected.keys() {
            let (parameter, condition) = (&template["Parameters"][name], &template["Conditions"][name]);
            assert_eq!(parameter["Default"], "yes", "{path}: {name}");
            assert_eq!(*condition, serde_json::json!({ "Fn::Equals": [{ "Ref": name }, "yes"] }), "{path}: {name}");
        }
    }
}

/// Lines that mean something to systemd.
fn settings(unit: &str) -> Vec<&str> {
    unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn the_unit_on_ec2_is_the_unit() {
    let (script, _) = user_data();
    let (_, rest) = script.split_once("<<'UNIT'\n").expect("the unit");
    let (unit, _) = rest.split_once("\nUNIT\n").expect("its end");
    assert_eq!(settings(unit), settings(&read(UNIT)));
    // What AWS takes, before it is encoded; the configs are a small part of it.
    assert!(script.len() < 14_000, "{} bytes", script.len());
}

/// What follows a word at the beginning of a line of the Dockerfile.
fn in_the_image(word: &str) -> String {
    let dockerfile = read("Dockerfile");
    let mut found = dockerfile.lines().filter_map(|line| line.strip_prefix(word));
    let first = found.next().unwrap_or_else(|| panic!("{word} is not in the Dockerfile"));
    first.trim_matches(['[', ']', '"', ' ']).to_owned()
}

#[test]
fn ports_users_and_paths_are_the_images() {
    let port: u16 = in_the_image("EXPOSE ").parse().unwrap();
    let (user, volume) = (in_the_image("USER "), in_the_image("VOLUME "));
    let config = in_the_image("ENV GLIDEPATH_CONFIG=");
    let (folder, _) = config.rsplit_once('/').unwrap();
    let (uid, gid) = user.split_once(':').unwrap();

    for (name, text) in configs() {
        let (laid, text) = laid_out(&text);
        let read = Config::parse(&text, &laid.path().join("glidepath.toml")).unwrap();
        let below = |path: &Path| path.starts_with(format!("{}{volume}", laid.path().display()));
        assert!(below(&read.store_path) && below(&read.backup_folder), "{name}: the store is not in the volume");
        assert_eq!(read.listen.port(), port, "{name}");
    }

    let compose = document(COMPOSE);
    let service = &compose["services"]["glidepath"];
    assert_eq!(service["user"], user.as_str());
    let mounts: Vec<&str> = service["volumes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            one.as_str().map_or_else(|| one["target"].as_str().unwrap(), |short| short.split_once(':').unwrap().1)
        })
        .collect();
    assert_eq!(mounts, [volume.as_str(), config.as_str(), "/var/backups/glidepath"]);
    for caddy in ["deploy/compose/Caddyfile", "deploy/compose/subpath.Caddyfile"] {
        assert!(read(caddy).contains(&format!("reverse_proxy {{$GLIDEPATH_UPSTREAM:glidepath:{port}}}")), "{caddy}");
    }

    let set = kubernetes("StatefulSet");
    let pod = &set["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(container["ports"][0]["containerPort"], port);
    assert_eq!(kubernetes("Service")["spec"]["ports"][0]["port"], port);
    for (key, id) in [("runAsUser", uid), ("runAsGroup", gid), ("fsGroup", gid)] {
        assert_eq!(pod["securityContext"][key].to_string(), id, "{key}");
    }
    let mounts: Vec<&str> = container["volumeMounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mount| mount["mountPath"].as_str().unwrap())
        .collect();
    assert_eq!(mounts, [volume.as_str(), "/var/backups/glidepath", folder, "/run/secrets/glidepath"]);

    let unit = read(UNIT);
    for line in [
        &format!("Environment=GLIDEPATH_CONFIG={config}"),
        &format!("WorkingDirectory={volume}"),
        "ReadWritePaths=-/var/backups/glidepath",
    ] {
        assert!(settings(&unit).contains(&line), "{line}");
    }

    let (script, _) = user_data();
    assert!(script.contains(&format!(" {config}\n")) && script.contains(&format!("mount {volume}\n")), "{script}");
    let opened = &document(EC2)["Resources"]["SecurityGroup"]["Properties"]["SecurityGroupIngress"]["Fn::If"][1][0];
    assert_eq!((&opened["FromPort"], &opened["ToPort"]), (&Value::from(port), &Value::from(port)));
}

#[test]
fn the_program_is_told_where_caddy_is_and_below_which_path_it_serves() {
    let root = read("deploy/compose/glidepath.toml");
    let below = read("deploy/compose/glidepath.subpath.toml");
    let differ: Vec<(&str, &str)> =
        root.lines().zip(below.lines()).filter(|(one, other)| one != other && !one.starts_with("# ")).collect();
    let address = |line: &str| line.split('"').nth(1).map(str::to_owned);
    assert!(root.lines().count() == below.lines().count() && differ.len() == 1, "{differ:?}");
    assert_eq!(address(differ[0].0).as_deref(), Some("https://glidepath.example.com/"));
    let path = address(differ[0].1).unwrap();
    let path = path.strip_prefix("https://ops.example.com").expect("the same name in both");
    assert!(read("deploy/compose/subpath.Caddyfile").contains(&format!("handle_path {path}* {{")), "{path}");

    let subnet = &document(COMPOSE)["networks"]["front"]["ipam"]["config"][0]["subnet"];
    assert!(root.contains(&format!("proxies = [{subnet}]")), "{subnet}");
    let mounted = |service: &str| {
        let other = document(SUBPATH);
        other["services"][service]["volumes"][0]["source"].as_str().unwrap().to_owned()
    };
    for (service, file) in [("glidepath", "./compose/glidepath.subpath.toml"), ("caddy", "./compose/subpath.Caddyfile")]
    {
        assert_eq!(mounted(service), file);
        assert!(package_root().join("deploy").join(file).is_file(), "{file}");
    }
}

/// Who copies one of these files reads how to use it in the file itself.
#[test]
fn every_file_says_what_to_fill_in_and_how_to_start_stop_and_take_it_away() {
    let found = files(&package_root().join("deploy"));
    assert!(found.len() > 8, "{found:?}");
    for path in &found {
        let text = read(path);
        let opening: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        assert!(!opening.is_empty(), "{path} does not begin with a comment");
        let opening = opening.join("\n");
        // What another file starts says which one.
        let belongs = ["../compose", "glidepath.service"].iter().any(|file| opening.contains(file))
            && !path.ends_with(".service");
        let words = ["Fill in", "Start", "Stop", "ake away"];
        let missing: Vec<&&str> =
            words.iter().filter(|words| !opening.to_lowercase().contains(&words.to_lowercase())).collect();
        assert!(belongs || missing.is_empty(), "{path} does not say: {missing:?}");
    }
}
