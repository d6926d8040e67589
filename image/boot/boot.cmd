# The boot script, the same for the boards and the emulated machine. Given by U-Boot's environment (pi.env, qemu.env):
# ${devtype} ${devnum} the disk, ${scratch}, ${kerneladdr}, ${initrdaddr} and ${treeaddr} free memory.
#
# Counts attempts as RAUC's U-Boot backend does: BOOT_ORDER names the slots in order, BOOT_x_LEFT their attempts left.
# The counters are one sector at 1 MiB with a checksum (image/root/etc/fw_env.config): written whole or not at all.

setenv BOOT_ORDER "A"
setenv BOOT_A_LEFT 3
setenv BOOT_B_LEFT 3
${devtype} dev ${devnum}
if ${devtype} read ${scratch} 0x800 1; then
	env import -c ${scratch} 0x200 BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
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
	reset
fi
env export -c -s 0x200 ${scratch} BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
${devtype} write ${scratch} 0x800 1
echo "madoguchi: slot ${slot}"

# panic=5: whatever stops the kernel counts as an attempt. Consoles are for the emulated machine and a service cable.
setenv bootargs "madoguchi.slot=${slot} rauc.slot=${slot} ro panic=5 oops=panic quiet loglevel=4 ${consoles} fsck.mode=skip vt.global_cursor_default=0 systemd.show_status=false net.ifnames=0 usbcore.authorized_default=1 init_on_alloc=1 init_on_free=1 slab_nomerge randomize_kstack_offset=1 cfg80211.ieee80211_regdom=JP"
# Checksums are looked at by bootm; whatever is damaged or missing counts as an attempt, too.
if load ${devtype} ${devnum}:${partition} ${kerneladdr} kernel; then
	if load ${devtype} ${devnum}:${partition} ${initrdaddr} initrd; then
		if test "x${fdtfile}" = "x"; then
			bootm ${kerneladdr} ${initrdaddr} ${fdtcontroladdr}
		else
			setexpr board sub ".*/" "" ${fdtfile}
			setexpr board sub ".dtb" "" ${board}
			if load ${devtype} ${devnum}:${partition} ${treeaddr} ${board}; then
				bootm ${kerneladdr} ${initrdaddr} ${treeaddr}
			fi
		fi
	fi
fi
echo "madoguchi: slot ${slot} cannot be started"
sleep 1
reset
