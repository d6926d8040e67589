#!/bin/sh
# The air around the box, for tests of the image: real access points (hostapd) on simulated radios (mac80211_hwsim), each
# with what a router has behind it. They are in a network namespace of their own, with the cable that leads to the street;
# the box keeps one radio and meets nothing but frames.
#
#   up                              radios, namespace, capture
#   on RADIO BEHIND [STRENGTH]      starts the access point of radio 1 to 4; hostapd's configuration on the input
#   behind RADIO BEHIND [NET]       changes what is behind it; NET is the radio whose addresses it takes over
#   off [RADIO]                     stops it, or all
#   stations RADIO                  who is associated, and how
#   frames RADIO                    what asked its access point for anything since the last `fresh`: requests to
#                                       authenticate and to associate, one a line
#   fresh                           forgets the captured frames
#   crowded RADIO, calm RADIO           loses 30 % and comes 300 ms late, both ways; or no more
#   radio_off                       the switch of the box's own radio (rfkill)
#   nothing_heard                   fails while the box still knows of an access point
#   state                               everything that helps to understand a row that failed
#   rogue NAME                      somebody with root's rights joins an open network (NetworkManager, as root)
#
# BEHIND: home, portal, no-address, no-names, no-internet, lying-names, small (MTU 1280), v6 (IPv6 alone), none
set -eu
run=/run/air
in_air() { ip netns exec air "$@"; }

up() {
	mkdir -p $run
	mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
	modprobe mac80211_hwsim radios=5
	modprobe sch_netem
	ip netns add air
	for radio in 1 2 3 4; do iw phy phy$radio set netns name air; done
	ip link set eth0 netns air
	in_air sh -c '
		ip link set lo up
		ip link set eth0 up
		ip address add 10.0.2.15/24 dev eth0
		ip route add default via 10.0.2.2
		ip -6 address add fec0::15/64 dev eth0 nodad
		ip -6 route add default via fec0::2
		echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
		nft "table inet street { chain postrouting { type nat hook postrouting priority srcnat; oifname eth0 masquerade; }; chain prerouting { type nat hook prerouting priority dstnat; }; chain forward { type filter hook forward priority filter; }; }"
	'
	ip link set hwsim0 up
	fresh
}

fresh() {
	# Two at once would write the same file.
	while [ -e $run/capture.pid ] && kill "$(cat $run/capture.pid)" 2>/dev/null; do sleep 0.1; done
	# Management frames and EAPOL: whom the box speaks to, and never what about.
	rm -f $run/capture.log
	tcpdump -Z root --interface hwsim0 -w $run/frames.pcap --packet-buffered --immediate-mode 'type mgt or ether proto 0x888e' \
		>/dev/null 2>$run/capture.log &
	echo $! >$run/capture.pid
	for turn in $(seq 150); do
		if grep -q listening $run/capture.log; then return; fi
		sleep 0.2
	done
	cat $run/capture.log >&2
	exit 1
}

on() { # RADIO BEHIND [STRENGTH]
	off "$1"
	{ echo "interface=wlan$1"; cat; } >"$run/$1.conf"
	phy=$(in_air cat "/sys/class/net/wlan$1/phy80211/name" 2>/dev/null || echo "phy$1")
	# The kernel reads no sign there.
	printf '%u' "${3:--50}" >"/sys/kernel/debug/ieee80211/$phy/hwsim/rx_rssi"
	in_air hostapd -B -P "$run/$1.pid" -f "$run/$1.log" "$run/$1.conf" >/dev/null || { cat "$run/$1.log" >&2; exit 1; }
	behind "$1" "$2"
	# Radar must have been listened for where the law asks for it (60 s).
	for turn in $(seq 1 450); do
		if grep -q AP-ENABLED "$run/$1.log"; then
			# The radios add their transmit power to what is set.
			in_air iw dev "wlan$1" set txpower fixed 0
			return
		fi
		sleep 0.2
	done
	cat "$run/$1.log" >&2
	exit 1
}

names() { # RADIO: stops what gives addresses and names there
	if [ -e "$run/$1.names" ]; then kill "$(cat "$run/$1.names")" 2>/dev/null || true; rm -f "$run/$1.names"; fi
}

behind() { # RADIO BEHIND [NET]
	radio=$1 wlan=wlan$1 net=192.168.$((50 + ${3:-$1})) net6=fd00:$((50 + ${3:-$1}))
	names "$radio"
	in_air ip address flush dev "$wlan" scope global
	in_air nft flush chain inet street prerouting
	in_air nft flush chain inet street forward
	in_air ip link set "$wlan" mtu 1500
	in_air ip link set eth0 mtu 1500
	[ "$2" = none ] && return
	[ "$2" = v6 ] || in_air ip address add "$net.1/24" dev "$wlan"
	[ "$2" = no-address ] && return
	set -- "$2" --user=root --interface="$wlan" --bind-interfaces --except-interface=lo --conf-file=/dev/null --no-hosts --no-resolv \
		--pid-file="$run/$radio.names" --dhcp-leasefile="$run/$radio.leases" --dhcp-authoritative --no-ping
	what=$1
	shift
	case $what in
	v6)
		in_air ip -6 address add "$net6::1/64" dev "$wlan" nodad
		set -- "$@" --enable-ra --dhcp-range="$net6::,ra-stateless,64" --dhcp-option="option6:dns-server,[$net6::1]" \
			--address="/#/$net6::1"
		# The page that says "online" is here, because QEMU's network passes no IPv6 on.
		mkdir -p $run/www
		echo "NetworkManager is online" >$run/www/nm
		in_air busybox httpd -p "[$net6::1]:80" -h $run/www || true
		;;
	*) set -- "$@" --dhcp-range="$net.10,$net.99,255.255.255.0,1h" ;;
	esac
	case $what in
	home | portal | no-internet | small) set -- "$@" --server=10.0.2.3 ;;
	lying-names) set -- "$@" --server=10.0.2.3 --address=/counter.test/198.51.100.66 ;;
	esac
	case $what in
	portal) in_air nft "add rule inet street prerouting iifname $wlan tcp dport 80 dnat ip to 198.51.100.1:8080" ;;
	no-internet) in_air nft "add rule inet street forward iifname $wlan reject" ;;
	small)
		set -- "$@" --dhcp-option=option:mtu,1280
		in_air ip link set "$wlan" mtu 1280
		in_air ip link set eth0 mtu 1280
		;;
	esac
	in_air dnsmasq "$@"
}

off() { # [RADIO]
	for radio in ${1:-1 2 3 4}; do
		names "$radio"
		if [ -e "$run/$radio.pid" ]; then
			kill "$(cat "$run/$radio.pid")" 2>/dev/null || true
			while [ -e "$run/$radio.pid" ]; do sleep 0.1; done
		fi
		rm -f "$run/$radio.log"
		in_air ip address flush dev "wlan$radio" scope global
	done
}

stations() { # RADIO
	in_air hostapd_cli -p /run/air/hostapd -i "wlan$1" all_sta | grep -E '^[0-9a-f:]{17}$|^AKMSuiteSelector|^dot11RSNAStatsSelectedPairwiseCipher|^flags|^wpa='
}

frames() { # RADIO
	tcpdump -Z root -r $run/frames.pcap -n "wlan addr1 02:00:00:00:0$1:00 and (subtype assoc-req or subtype reassoc-req or subtype auth)" 2>/dev/null
}

crowded() { # RADIO: both ways
	tc qdisc add dev wlan0 root netem loss 30% delay 300ms
	in_air tc qdisc add dev "wlan$1" root netem loss 30% delay 300ms
}

calm() { # RADIO
	tc qdisc del dev wlan0 root
	in_air tc qdisc del dev "wlan$1" root
}

radio_off() {
	for switch in /sys/class/rfkill/rfkill*; do
		if [ "$(cat "$switch/name")" = phy0 ]; then echo 1 >"$switch/soft"; fi
	done
}

state() {
	for where in "" in_air; do
		echo "== ${where:-the box}"
		$where ip address
		$where ip route
		$where ip -6 route
		$where nft list ruleset
	done
	iw dev wlan0 scan dump | grep -E '^BSS|SSID|signal'
	cat /run/NetworkManager/resolv.conf
	cat $run/*.conf $run/*.log
}

nothing_heard() {
	at=org.freedesktop.NetworkManager
	radio=$(busctl call $at /org/freedesktop/NetworkManager $at GetDeviceByIpIface s wlan0 | cut -d '"' -f 2)
	[ "$(busctl call $at "$radio" $at.Device.Wireless GetAllAccessPoints)" = "ao 0" ]
}

rogue() { # NAME
	busctl --timeout=20 call org.freedesktop.NetworkManager /org/freedesktop/NetworkManager org.freedesktop.NetworkManager \
		AddAndActivateConnection 'a{sa{sv}}oo' 2 \
		connection 3 id s rogue type s 802-11-wireless autoconnect b false \
		802-11-wireless 1 ssid ay "$(printf %s "$1" | wc -c)" $(printf %s "$1" | od -An -v -tu1) \
		"$(busctl call org.freedesktop.NetworkManager /org/freedesktop/NetworkManager org.freedesktop.NetworkManager GetDeviceByIpIface s wlan0 | cut -d '"' -f 2)" /
}

"$@"
