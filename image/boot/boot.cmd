# The boot script, the same for the boards and the emulated machine. Given by U-Boot's environment (pi.env, qemu.env):
# ${devtype} ${devnum} the disk, ${scratch}, ${kerneladdr}, ${initrdaddr} and ${treeaddr} free memory.
#
# Counts attempts as RAUC's U-Boot backend does: BOOT_ORDER names the slots in order, BOOT_x_LEFT their attempts left.
# The counters are one sector with a checksum, at 1 MiB and once more at 2 MiB (image/root/etc/fw_env.config and
# fw_env.second.config): each is written whole or not at all, and what counts is the first that is whole.

# The board, as its device tree is called; nothing in the emulated machine, which brings its own.
setenv board
if test -n "${fdtfile}"; then
	setexpr board sub ".*/" "" ${fdtfile}
	setexpr board sub ".dtb" "" ${board}
fi

# The hardware's watchdog: neither the boards' firmware nor Debian's U-Boot starts it, so its registers are written here,
# as the kernel's driver does (bcm2835_wdt.c). They count down from 16 s, and each "run feed" begins that anew; the last
# one is for the kernel until its driver takes over in the initrd. "watchdog=off" in uboot.env leaves it out.
# QEMU's Pi restarts at once when they are written. It has no serial number.
setenv feed true
setenv unwatched
setenv registers
if test -n "${board}"; then
	setexpr soc sub "-.*" "" ${board}
	if test "x${soc}" = "xbcm2837"; then
		setenv registers 0x3f1000
	fi
	if test "x${soc}" = "xbcm2711"; then
		setenv registers 0xfe1000
	fi
	if test "x${soc}" = "xbcm2712"; then
		setenv registers 0x107d2000
	fi
	if test "x${serial#}" = "x0000000000000000"; then
		setenv registers
		setenv unwatched "systemd.watchdog_sec=off"
	fi
	if test "x${watchdog}" = "xoff"; then
		setenv registers
	fi
fi
if test -n "${registers}"; then
	setenv feed "mw.l ${registers}24 0x5a0fffff; mw.l ${registers}1c 0x5a000122"
fi
run feed

${devtype} dev ${devnum}
setenv found
for place in 0x800 0x1000; do
	if test "x${found}" = "x"; then
		if ${devtype} read ${scratch} ${place} 1; then
			if env import -c ${scratch} 0x200 BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT; then
				if test -n "${BOOT_ORDER}"; then
					if test -n "${BOOT_A_LEFT}"; then
						if test -n "${BOOT_B_LEFT}"; then
							setenv found ${place}
						fi
					fi
				fi
			fi
		fi
	fi
done
if test "x${found}" = "x"; then
	# Which slot was good is forgotten with them. Both get their turn, if there is anything in B.
	echo "madoguchi: both copies of the boot counters are damaged"
	setenv BOOT_ORDER "A"
	setenv BOOT_A_LEFT 3
	setenv BOOT_B_LEFT 3
	if test -e ${devtype} ${devnum}:7 kernel; then
		setenv BOOT_ORDER "A B"
	fi
fi

setenv slot
for candidate in ${BOOT_ORDER}; do
	if test "x${slot}" = "x"; then
		if test "x${candidate}" = "xA"; then
			if test ${BOOT_A_LEFT} -gt 0; then
				setexpr BOOT_A_LEFT ${BOOT_A_LEFT} - 1
				setenv slot A
				setenv partition 5
			fi
		fi
		if test "x${candidate}" = "xB"; then
			if test ${BOOT_B_LEFT} -gt 0; then
				setexpr BOOT_B_LEFT ${BOOT_B_LEFT} - 1
				setenv slot B
				setenv partition 7
			fi
		fi
	fi
done

if test "x${slot}" = "x"; then
	echo "madoguchi: no slot has an attempt left; every slot gets three more"
	setenv BOOT_A_LEFT 3
	setenv BOOT_B_LEFT 3
	env export -c -s 0x200 ${scratch} BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
	${devtype} write ${scratch} 0x800 1
	${devtype} write ${scratch} 0x1000 1
	reset
fi
env export -c -s 0x200 ${scratch} BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
${devtype} write ${scratch} 0x800 1
${devtype} write ${scratch} 0x1000 1
run feed
echo "madoguchi: slot ${slot}"

# uboot.env lies on the boot partition, where anybody's PC writes: none of its words gets onto the kernel's command line.
# It may switch on what is offered here, as "watchdog=off" above: "log=on" sends the journal to the consoles, and "tv=1280x720"
# or "tv=1280x720@50" is the TV's wished mode, of which only figures, "x" and "@" are taken.
if test -n "${board}"; then
	setenv consoles "console=tty1 console=ttyS1,115200"
else
	setenv consoles "console=ttyAMA0"
fi
setenv switched
if test "x${log}" = "xon"; then
	setenv switched "systemd.journald.forward_to_console=1 systemd.journald.max_level_console=info loglevel=6"
fi
if test -n "${tv}"; then
	setexpr mode gsub "[^0-9x@]" "" "${tv}"
	if test "x${mode}" = "x${tv}"; then
		setenv switched "${switched} madoguchi.tv=${mode}"
	else
		echo "madoguchi: tv in uboot.env is no mode such as 1280x720; it is passed over"
	fi
fi

# panic=5: whatever stops the kernel counts as an attempt. watchdog.open_timeout: the kernel feeds a watchdog that runs for so
# many seconds, until systemd does. Consoles are for the emulated machine and a service cable.
setenv bootargs "madoguchi.slot=${slot} rauc.slot=${slot} ro panic=5 oops=panic watchdog.open_timeout=60 ${unwatched} quiet loglevel=4 ${consoles} ${switched} fsck.mode=skip vt.global_cursor_default=0 systemd.show_status=false net.ifnames=0 usbcore.authorized_default=0 init_on_alloc=1 init_on_free=1 module.sig_enforce=1 slab_nomerge randomize_kstack_offset=1 cfg80211.ieee80211_regdom=JP"
# Checksums are looked at by bootm; whatever is damaged or missing counts as an attempt, too.
if load ${devtype} ${devnum}:${partition} ${kerneladdr} kernel; then
	run feed
	if load ${devtype} ${devnum}:${partition} ${initrdaddr} initrd; then
		if test "x${board}" = "x"; then
			bootm ${kerneladdr} ${initrdaddr} ${fdtcontroladdr}
		else
			if load ${devtype} ${devnum}:${partition} ${treeaddr} ${board}; then
				run feed
				bootm ${kerneladdr} ${initrdaddr} ${treeaddr}
			fi
		fi
	fi
fi
echo "madoguchi: slot ${slot} cannot be started"
sleep 1
reset
