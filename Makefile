# Two commands matter: `make run` and `make test`. `make help` lists all of them.
#
# What is missing on a Debian 12 or 13 machine is installed first, by apt and .ci/rust.

# The one list of Debian packages. BUILD compiles, RUN makes the box work on a desk, TEST adds the other end.
APT_BUILD := build-essential ca-certificates cmake curl git libasound2-dev \
	libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstreamer-plugins-bad1.0-dev pkg-config
APT_RUN := gstreamer1.0-alsa gstreamer1.0-nice gstreamer1.0-plugins-bad gstreamer1.0-plugins-base \
	gstreamer1.0-plugins-good
APT_TEST := chromium chromium-driver coturn cryptsetup-bin dbus-daemon espeak-ng fonts-noto-cjk iproute2 libubootenv-tool \
	nftables poppler-utils python3-pip rauc squashfs-tools util-linux
# PulseAudio is the kiosk's sound card.
APT_BENCH := iproute2 pulseaudio pulseaudio-utils socat
# The image: everything else comes into a toolchain of its own (image/toolchain). BOOT emulates the box.
APT_IMAGE := debian-archive-keyring mmdebstrap
APT_BOOT := device-tree-compiler dnsmasq-base dosfstools iproute2 libasound2-plugins mtools nmap p11-kit pulseaudio \
	pulseaudio-utils qemu-system-arm qemu-utils softhsm2

TARGET := $(or $(CARGO_TARGET_DIR),target)
# Every target compiles with the same features and flags (.ci/cargo), so that each crate is compiled once.
CARGO := .ci/cargo
# All that is compiled for tests, and the tests that are programs of their own: `--tests` passes over those, also where they
# are named beside it.
ALL := --lib --bins --tests
PROGRAMS := --test live --test image --test bench
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help deps deps-test run test check story bench soak lines accept-screens timings clean image boot has-image is-root \
	test-image test-wifi
as_root = $$([ "$$(id -u)" -eq 0 ] || echo "sudo --preserve-env=FLAVOUR,VERSION,KEYS,KEYS_PIN,KEYS_PKCS11,PKCS11_MODULE,MIRROR,SECURITY_MIRROR,OUT")
IMAGE = $(shell ls -t out/madoguchi-*-arm64.img 2>/dev/null | head -n 1)

help: ## This list
	@echo "Madoguchi: a box that brings a family to the city's online counter."
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do \
		printf '  make %-15s %s\n' "$$name" "$$what"; done

run: $(TARGET)/.deps ## Room server and box on the workbench; prints two addresses. Ctrl-C ends it
	@.ci/compile --bin madoguchi-workbench
	@exec $(TARGET)/debug/madoguchi-workbench

test: $(TARGET)/.deps-test ## Every test, with Chromium and the whole story
	@.ci/compile $(ALL)
	$(CARGO) nextest run $(ARGS)
	@$(MAKE) story

check: $(TARGET)/.deps-test ## Format, lints, the pure part alone, licences and sources
	$(CARGO) fmt --all --check
	.ci/one-graph
	@# Clippy's driver compiles (.ci/cargo): what it says of the code fails here.
	@WARNINGS=deny .ci/compile $(ALL)
	@WARNINGS=deny .ci/compile $(PROGRAMS)
	@# The wall: model, appliance and meeting without anything that touches the world.
	$(CARGO) check --quiet --package madoguchi --lib --no-default-features
	@# The same for screens and the code reader: no device, no socket.
	$(CARGO) check --quiet --package madoguchi --lib --no-default-features --features pictures,scan
	@# cargo-deny 0.20 passes over libraries that are a cdylib as well, and all that they need: shown to it as plain ones.
	@mkdir -p $(TARGET)
	@$(CARGO) metadata --format-version 1 --all-features --locked | \
		sed 's/"kind":\["cdylib","rlib"\],"crate_types":\["cdylib","rlib"\]/"kind":["lib"],"crate_types":["lib"]/g' \
		>$(TARGET)/metadata.json
	$(CARGO) deny --all-features --metadata-path $(TARGET)/metadata.json --config .cargo/deny.toml \
		check licenses bans sources

story: $(TARGET)/.deps-test ## Lives the story from boot to wipe; pictures and report in target/story
	@.ci/compile --test live
	$(CARGO) test --quiet --test live -- $(TARGET)/story

bench: $(TARGET)/.deps-test ## The call measured against a browser, in an hour (ONLY=clean in five minutes, ONLY=echo: the TV's echo; RUNS=5, README=1)
	@.ci/packages $(APT_BENCH)
	@.ci/compile --release --test bench
	@$(CARGO) test --release --quiet --test bench

soak: $(TARGET)/.deps-test ## 50 calls in a row, a call of 2 hours, and calls disturbed 100 times (CALLS=, MINUTES=, FAULTS=, SEED=, ONLY=)
	@.ci/packages $(APT_BENCH)
	@.ci/compile --release --test bench
	@SOAK=1 $(CARGO) test --release --quiet --test bench

lines: $(TARGET)/.deps-test ## What an idle line costs the room server: thousands of them over TLS, KiB each (LINES=3000)
	@.ci/compile --release --test bench
	@CROWD=1 $(CARGO) test --release --quiet --test bench

timings: $(TARGET)/.deps ## Which crates took longest to compile the last time something was compiled
	@.ci/slowest

accept-screens: $(TARGET)/.deps ## Takes the screens as they are painted now for the golden pictures
	MADOGUCHI_ACCEPT=1 $(CARGO) test --test screens

image: ## The firmware image, into out/ (FLAVOUR=pi5, VERSION=, KEYS=FOLDER; see image/README.md)
	@[ "$$(id -u)" -eq 0 ] || command -v sudo >/dev/null || { echo "building the image needs root (file owners, chroot), and there is no sudo here: run make image as root" >&2; exit 1; }
	@.ci/packages $(APT_IMAGE)
	@$(as_root) image/build

boot: has-image $(TARGET)/.deps ## Boots the image in QEMU; ARGS="--help" lists what can be plugged
	@.ci/packages $(APT_BOOT)
	@.ci/compile --bin madoguchi-emulator
	@exec $(TARGET)/debug/madoguchi-emulator boot \
		--image $(IMAGE) --loader out/qemu/u-boot.bin --environment out/qemu/environment.img --folder $(TARGET)/emulator $(ARGS)

test-image: is-root $(TARGET)/.deps-test ## Boots the image in every way that matters, as root (TESTS="updates cuts" chooses; CUTS=20, FRESH=1)
	@.ci/packages $(APT_IMAGE) $(APT_BOOT)
	@$(as_root) tests/image/build
	@.ci/compile --test image
	CUTS=$(or $(CUTS),20) $(CARGO) test --quiet --test image -- $(TESTS)

# Before anything is installed or built.
has-image:
	@[ -n "$(IMAGE)" ] || { echo "there is no image in out/: run make image first, or name one with IMAGE=" >&2; exit 1; }

is-root:
	@[ "$$(id -u)" -eq 0 ] || { echo "some of these tests build images, which needs root: sudo make $(MAKECMDGOALS)" >&2; exit 1; }

test-wifi: ## The access-point matrix, and a call over a Wi-Fi with its moods, in the booted image
	@$(MAKE) test-image TESTS=wifi

deps: ## Installs what building and running need, now
	@.ci/packages $(APT_BUILD) $(APT_RUN)
	@.ci/rust install
	@mkdir -p $(TARGET) && touch $(TARGET)/.deps

deps-test: deps ## The same, and what the tests need
	@.ci/packages $(APT_TEST)
	@touch $(TARGET)/.deps-test

clean: ## Removes what was built, and the compiled crates in the cache
	@rm -rf $(TARGET)
	@if .ci/rust find >/dev/null 2>&1; then rm -rf "$$(.ci/build-dir)"; fi

# Looked at again only when the lists may have changed, so that later runs start in seconds.
$(TARGET)/.deps: Makefile Cargo.toml .ci/packages .ci/rust
	@$(MAKE) deps

$(TARGET)/.deps-test: $(TARGET)/.deps
	@.ci/packages $(APT_TEST)
	@touch $@
