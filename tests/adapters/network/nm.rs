//! A small NetworkManager: one radio, one wired device, access points that can be changed at will.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, fdo, interface};

pub(super) const TKIP: u32 = 0x4 | 0x40;
pub(super) const CCMP: u32 = 0x8 | 0x80;
pub(super) const PSK: u32 = 0x100;
pub(super) const SAE: u32 = 0x400;

const ROOT: &str = "/org/freedesktop/NetworkManager";
const RADIO: &str = "/org/freedesktop/NetworkManager/Devices/1";
const WIRE: &str = "/org/freedesktop/NetworkManager/Devices/2";

type Settings = HashMap<String, HashMap<String, OwnedValue>>;

/// What was asked to be joined.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    pub(super) access_point: usize,
    settings: HashMap<(String, String), OwnedValue>,
    options: HashMap<String, OwnedValue>,
}

impl Joined {
    pub(super) fn setting(&self, section: &str, key: &str) -> Value<'static> {
        self.settings[&(section.to_owned(), key.to_owned())].try_clone().unwrap().into()
    }
    pub(super) fn option(&self, key: &str) -> Value<'static> {
        self.options[key].try_clone().unwrap().into()
    }
}

struct State {
    passphrase: String,
    sae: bool,
    heard: Vec<(Vec<u8>, u8, u32, u32)>,
    hidden: Option<(usize, Vec<u8>)>,
    /// What is heard at the second look alone.
    missed: Option<(usize, Vec<u8>)>,
    looks: u32,
    radio: u32,
    wire: u32,
    active: Option<usize>,
    profile: Option<String>,
    joined: Vec<Joined>,
    connectivity: u32,
    negotiated: Option<String>,
    radio_has_sae: bool,
    has_radio: bool,
    stalls: bool,
}

type World = Arc<Mutex<State>>;

fn path(text: impl Into<String>) -> OwnedObjectPath {
    ObjectPath::try_from(text.into()).unwrap().into()
}

fn access_point(place: usize) -> OwnedObjectPath {
    path(format!("{ROOT}/AccessPoint/{place}"))
}

/// The test's hand on it.
pub(super) struct Nm {
    bus: Connection,
    world: World,
}

impl Nm {
    pub(super) async fn start(passphrase: &str) -> Self {
        let world = Arc::new(Mutex::new(State {
            passphrase: passphrase.to_owned(),
            sae: true,
            heard: Vec::new(),
            hidden: None,
            missed: None,
            looks: 0,
            radio: 30,
            wire: 20,
            active: None,
            profile: None,
            joined: Vec::new(),
            connectivity: 4,
            negotiated: None,
            radio_has_sae: true,
            has_radio: true,
            stalls: false,
        }));
        let mut builder = zbus::connection::Builder::system()
            .unwrap()
            .serve_at(ROOT, Manager(world.clone()))
            .unwrap()
            .serve_at(format!("{ROOT}/Settings"), Profiles(world.clone()))
            .unwrap()
            .serve_at(format!("{ROOT}/Settings/1"), Profile(world.clone()))
            .unwrap()
            .serve_at(RADIO, NetDevice { world: world.clone(), radio: true })
            .unwrap()
            .serve_at(RADIO, Wireless(world.clone()))
            .unwrap()
            .serve_at(WIRE, NetDevice { world: world.clone(), radio: false })
            .unwrap()
            .serve_at(WIRE, Wired(world.clone()))
            .unwrap()
            .serve_at("/fi/w1/wpa_supplicant1", Supplicant)
            .unwrap()
            .serve_at(SUPPLICANT_RADIO, SupplicantRadio(world.clone()))
            .unwrap();
        for place in 0..8 {
            builder = builder.serve_at(access_point(place), AccessPoint { world: world.clone(), place }).unwrap();
        }
        let bus = builder.name("org.freedesktop.NetworkManager").unwrap().name("fi.w1.wpa_supplicant1").unwrap();
        let bus = bus.build().await.unwrap();
        Self { bus, world }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.world.lock().unwrap()
    }
    pub(super) fn hear(&self, name: &[u8], strength: u8, wpa: u32, rsn: u32) -> usize {
        let mut state = self.state();
        state.heard.push((name.to_vec(), strength, wpa, rsn));
        state.heard.len() - 1
    }
    /// Hears an access point whose beacons the first look passes over.
    pub(super) fn hear_late(&self, name: &[u8], strength: u8, rsn: u32) -> usize {
        let place = self.hear(b"", strength, 0, rsn);
        self.state().missed = Some((place, name.to_vec()));
        place
    }
    /// Hears an access point that keeps its name to itself.
    pub(super) fn hear_hidden(&self, name: &[u8], strength: u8, rsn: u32) -> usize {
        let place = self.hear(b"", strength, 0, rsn);
        self.state().hidden = Some((place, name.to_vec()));
        place
    }
    pub(super) fn change(&self, place: usize, wpa: u32, rsn: u32) {
        let access_point = &mut self.state().heard[place];
        (access_point.2, access_point.3) = (wpa, rsn);
    }
    pub(super) fn without_sae(&self) {
        self.state().sae = false;
    }
    /// A board without a radio.
    pub(super) fn without_radio(&self) {
        self.state().has_radio = false;
    }
    /// It takes what it is asked to join, and does nothing about it.
    pub(super) fn stalls(&self) {
        self.state().stalls = true;
    }
    /// It ends, as for a restart.
    pub(super) async fn stop(self) {
        self.bus.close().await.unwrap();
    }
    /// So many access points of strangers come; they go when they are told to.
    pub(super) async fn strangers_come(&self, first: usize, number: usize) {
        let radio = self.bus.object_server().interface::<_, Wireless>(RADIO).await.unwrap();
        for place in first..first + number {
            let at = access_point(1000 + place);
            let stranger = AccessPoint { world: self.world.clone(), place: 1000 + place };
            self.bus.object_server().at(&at, stranger).await.unwrap();
            Wireless::access_point_added(radio.signal_emitter(), at.into()).await.unwrap();
        }
    }
    pub(super) async fn strangers_go(&self, first: usize, number: usize) {
        let radio = self.bus.object_server().interface::<_, Wireless>(RADIO).await.unwrap();
        for place in first..first + number {
            let at = access_point(1000 + place);
            Wireless::access_point_removed(radio.signal_emitter(), at.clone().into()).await.unwrap();
            self.bus.object_server().remove::<AccessPoint, _>(&at).await.unwrap();
        }
    }
    /// Subscriptions that the bus holds for everybody but this one.
    pub(super) async fn subscriptions(&self) -> usize {
        let asks = Connection::system().await.unwrap();
        let (bus, stats) = ("org.freedesktop.DBus", "org.freedesktop.DBus.Debug.Stats");
        let said =
            asks.call_method(Some(bus), "/org/freedesktop/DBus", Some(stats), "GetAllMatchRules", &()).await.unwrap();
        let rules: HashMap<String, Vec<String>> = said.body().deserialize().unwrap();
        let own = [self.bus.unique_name(), asks.unique_name()].map(|name| name.unwrap().to_string());
        rules.into_iter().filter(|(whose, _)| !own.contains(whose)).map(|(_, rules)| rules.len()).sum()
    }
    /// What the supplicant says of itself from now on: neither radio nor firmware can do SAE.
    pub(super) fn radio_without_sae(&self) {
        self.state().radio_has_sae = false;
    }
    /// What the supplicant says that it negotiated, whatever was asked for.
    pub(super) fn negotiates(&self, mode: &str) {
        self.state().negotiated = Some(mode.to_owned());
    }
    /// Somebody else brings a network up.
    pub(super) async fn joined_by_somebody_else(&self, place: usize) {
        self.state().active = Some(place);
        moved(&self.bus, &self.world, RADIO, 100, 0).await;
    }
    pub(super) fn joined(&self) -> Vec<Joined> {
        self.state().joined.clone()
    }
    pub(super) fn profiles(&self) -> usize {
        self.state().profile.iter().count()
    }
    pub(super) fn active(&self) -> Option<usize> {
        self.state().active
    }
    pub(super) async fn connectivity(&self, connectivity: u32) {
        self.state().connectivity = connectivity;
        let manager = self.bus.object_server().interface::<_, Manager>(ROOT).await.unwrap();
        manager.get().await.connectivity_changed(manager.signal_emitter()).await.unwrap();
    }
    pub(super) async fn lose(&self) {
        down(&self.world);
        moved(&self.bus, &self.world, RADIO, 30, 40).await;
    }
    pub(super) async fn plug(&self, plugged: bool) {
        let state = if plugged { 100 } else { 20 };
        moved(&self.bus, &self.world, WIRE, state, 40).await;
    }
}

/// The radio goes down; a volatile profile goes with it.
fn down(world: &World) {
    let mut state = world.lock().unwrap();
    (state.active, state.profile) = (None, None);
}

async fn moved(bus: &Connection, world: &World, device: &'static str, to: u32, reason: u32) {
    let before = {
        let mut state = world.lock().unwrap();
        let place = if device == RADIO { &mut state.radio } else { &mut state.wire };
        std::mem::replace(place, to)
    };
    let device = bus.object_server().interface::<_, NetDevice>(device).await.unwrap();
    NetDevice::moved(device.signal_emitter(), to, before, reason).await.unwrap();
}

struct Manager(World);

#[interface(name = "org.freedesktop.NetworkManager")]
impl Manager {
    fn get_devices(&self) -> Vec<OwnedObjectPath> {
        let radio = self.0.lock().unwrap().has_radio.then(|| path(RADIO));
        radio.into_iter().chain([path(WIRE)]).collect()
    }
    #[zbus(property)]
    fn wireless_enabled(&self) -> bool {
        true
    }
    #[zbus(property)]
    fn wireless_hardware_enabled(&self) -> bool {
        true
    }
    #[zbus(property)]
    fn active_connections(&self) -> Vec<OwnedObjectPath> {
        Vec::new()
    }
    #[zbus(property)]
    fn connectivity_check_enabled(&self) -> bool {
        true
    }
    #[zbus(property)]
    fn connectivity(&self) -> u32 {
        self.0.lock().unwrap().connectivity
    }
    fn check_connectivity(&self) -> u32 {
        self.0.lock().unwrap().connectivity
    }
    fn add_and_activate_connection2(
        &self,
        connection: Settings,
        device: OwnedObjectPath,
        specific: OwnedObjectPath,
        options: HashMap<String, OwnedValue>,
        #[zbus(connection)] bus: &Connection,
    ) -> fdo::Result<(OwnedObjectPath, OwnedObjectPath, HashMap<String, OwnedValue>)> {
        assert_eq!(device.as_str(), RADIO);
        let place = (0..8).find(|place| access_point(*place) == specific).unwrap_or_default();
        let settings: HashMap<_, _> = connection
            .into_iter()
            .flat_map(|(section, keys)| keys.into_iter().map(move |(key, value)| ((section.clone(), key), value)))
            .collect();
        let joined = Joined { access_point: place, settings, options };
        let security = |key| joined.setting("802-11-wireless-security", key);
        let mut state = self.0.lock().unwrap();
        let outcome = if security("key-mgmt") == Value::from("sae") && !state.sae {
            Err(9)
        } else if security("psk") == Value::from(state.passphrase.as_str()) {
            Ok(())
        } else {
            Err(7)
        };
        let Value::Str(id) = joined.setting("connection", "id") else { panic!("a profile has a name") };
        state.profile = Some(id.to_string());
        let stalls = state.stalls;
        drop(state);
        self.0.lock().unwrap().joined.push(joined.clone());
        if stalls {
            return Ok((
                path(format!("{ROOT}/Settings/1")),
                path(format!("{ROOT}/ActiveConnection/1")),
                HashMap::new(),
            ));
        }
        tokio::spawn(activate(bus.clone(), self.0.clone(), place, outcome));
        Ok((path(format!("{ROOT}/Settings/1")), path(format!("{ROOT}/ActiveConnection/1")), HashMap::new()))
    }
}

async fn activate(bus: Connection, world: World, place: usize, outcome: Result<(), u32>) {
    for step in [40, 50, 60] {
        moved(&bus, &world, RADIO, step, 0).await;
    }
    match outcome {
        Ok(()) => {
            moved(&bus, &world, RADIO, 70, 0).await;
            world.lock().unwrap().active = Some(place);
            moved(&bus, &world, RADIO, 100, 0).await;
        }
        Err(reason) => {
            down(&world);
            moved(&bus, &world, RADIO, 120, reason).await;
            moved(&bus, &world, RADIO, 30, 0).await;
        }
    }
}

const SUPPLICANT_RADIO: &str = "/fi/w1/wpa_supplicant1/Interfaces/1";

struct Supplicant;

#[interface(name = "fi.w1.wpa_supplicant1")]
impl Supplicant {
    #[zbus(property)]
    fn interfaces(&self) -> Vec<OwnedObjectPath> {
        vec![path(SUPPLICANT_RADIO)]
    }
}

struct SupplicantRadio(World);

#[interface(name = "fi.w1.wpa_supplicant1.Interface")]
impl SupplicantRadio {
    #[zbus(property)]
    fn capabilities(&self) -> HashMap<String, OwnedValue> {
        let all = ["wpa-psk", "sae"];
        let suites = &all[..if self.0.lock().unwrap().radio_has_sae { 2 } else { 1 }];
        HashMap::from([("KeyMgmt".to_owned(), OwnedValue::try_from(Value::from(suites.to_vec())).unwrap())])
    }
    #[zbus(property)]
    fn current_auth_mode(&self) -> String {
        let state = self.0.lock().unwrap();
        let asked = state.joined.last().map(|joined| joined.setting("802-11-wireless-security", "key-mgmt"));
        match (&state.negotiated, state.active, asked) {
            (Some(mode), Some(_), _) => mode.clone(),
            (None, Some(_), Some(asked)) if asked == Value::from("sae") => "SAE".to_owned(),
            (None, Some(_), Some(_)) => "WPA2-PSK".to_owned(),
            _ => "INACTIVE".to_owned(),
        }
    }
}

struct Profiles(World);

#[interface(name = "org.freedesktop.NetworkManager.Settings")]
impl Profiles {
    fn list_connections(&self) -> Vec<OwnedObjectPath> {
        let held = self.0.lock().unwrap().profile.is_some();
        held.then(|| path(format!("{ROOT}/Settings/1"))).into_iter().collect()
    }
}

struct Profile(World);

#[interface(name = "org.freedesktop.NetworkManager.Settings.Connection")]
impl Profile {
    fn get_settings(&self) -> fdo::Result<Settings> {
        let id = self.0.lock().unwrap().profile.clone().ok_or(fdo::Error::Failed("gone".to_owned()))?;
        let text = |text: &str| OwnedValue::try_from(Value::from(text)).unwrap();
        let about = [("id", text(&id)), ("uuid", text("1")), ("type", text("802-11-wireless"))];
        let about = about.map(|(key, value)| (key.to_owned(), value));
        Ok(HashMap::from([("connection".to_owned(), HashMap::from(about))]))
    }
    fn delete(&self) {
        self.0.lock().unwrap().profile = None;
    }
}

struct NetDevice {
    world: World,
    radio: bool,
}

#[interface(name = "org.freedesktop.NetworkManager.Device")]
impl NetDevice {
    #[zbus(property)]
    fn interface(&self) -> &str {
        if self.radio { "wlan0" } else { "eth0" }
    }
    #[zbus(property)]
    fn device_type(&self) -> u32 {
        if self.radio { 2 } else { 1 }
    }
    #[zbus(property)]
    fn state(&self) -> u32 {
        let state = self.world.lock().unwrap();
        if self.radio { state.radio } else { state.wire }
    }
    #[zbus(property)]
    fn managed(&self) -> bool {
        true
    }
    async fn disconnect(&self, #[zbus(connection)] bus: &Connection) {
        // Like the real one, it takes the active access point away before it says so.
        self.world.lock().unwrap().active = None;
        let (bus, world) = (bus.clone(), self.world.clone());
        tokio::spawn(async move { moved(&bus, &world, RADIO, 30, 39).await });
    }
    #[zbus(signal, name = "StateChanged")]
    async fn moved(emitter: &SignalEmitter<'_>, new_state: u32, old_state: u32, reason: u32) -> zbus::Result<()>;
}

struct Wireless(World);

#[interface(name = "org.freedesktop.NetworkManager.Device.Wireless")]
impl Wireless {
    /// A hidden access point answers when it is called by its name.
    fn request_scan(&self, options: HashMap<String, OwnedValue>) {
        {
            let mut state = self.0.lock().unwrap();
            state.looks += 1;
            if state.looks >= 2
                && let Some((place, name)) = state.missed.clone()
            {
                state.heard[place].0 = name;
            }
        }
        let Some(called) = options.get("ssids") else { return };
        let called = Vec::<Vec<u8>>::try_from(called.try_clone().unwrap()).unwrap();
        let mut state = self.0.lock().unwrap();
        if let Some((place, name)) = state.hidden.clone()
            && called.contains(&name)
        {
            state.heard[place].0 = name;
        }
    }
    #[zbus(property)]
    fn access_points(&self) -> Vec<OwnedObjectPath> {
        (0..self.0.lock().unwrap().heard.len()).map(access_point).collect()
    }
    #[zbus(signal)]
    async fn access_point_added(emitter: &SignalEmitter<'_>, access_point: ObjectPath<'_>) -> zbus::Result<()>;
    #[zbus(signal)]
    async fn access_point_removed(emitter: &SignalEmitter<'_>, access_point: ObjectPath<'_>) -> zbus::Result<()>;
    #[zbus(property)]
    fn active_access_point(&self) -> OwnedObjectPath {
        self.0.lock().unwrap().active.map_or_else(|| path("/"), access_point)
    }
}

struct Wired(World);

#[interface(name = "org.freedesktop.NetworkManager.Device.Wired")]
impl Wired {
    #[zbus(property)]
    fn carrier(&self) -> bool {
        self.0.lock().unwrap().wire > 20
    }
}

struct AccessPoint {
    world: World,
    place: usize,
}

impl AccessPoint {
    fn about(&self) -> (Vec<u8>, u8, u32, u32) {
        self.world.lock().unwrap().heard.get(self.place).cloned().unwrap_or_default()
    }
}

#[interface(name = "org.freedesktop.NetworkManager.AccessPoint")]
impl AccessPoint {
    #[zbus(property)]
    fn ssid(&self) -> Vec<u8> {
        self.about().0
    }
    #[zbus(property)]
    fn strength(&self) -> u8 {
        self.about().1
    }
    #[zbus(property)]
    fn hw_address(&self) -> String {
        format!("02:00:00:00:00:0{}", self.place)
    }
    #[zbus(property)]
    fn flags(&self) -> u32 {
        1
    }
    #[zbus(property)]
    fn wpa_flags(&self) -> u32 {
        self.about().2
    }
    #[zbus(property)]
    fn rsn_flags(&self) -> u32 {
        self.about().3
    }
    #[zbus(property)]
    fn frequency(&self) -> u32 {
        2412
    }
    #[zbus(property)]
    fn mode(&self) -> u32 {
        2
    }
    #[zbus(property)]
    fn last_seen(&self) -> i32 {
        madoguchi::device::able::uptime().as_secs() as i32
    }
}
