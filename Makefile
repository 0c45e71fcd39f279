# Gantry's front door. Each target calls a preset (CMakePresets.json) or a tool (tools/);
# how anything is compiled stands in CMakeLists.txt.

JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
E2E_ARGS ?=
KILLS ?= 100
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(JOBS)
export CTEST_PARALLEL_LEVEL ?= $(JOBS)

.PHONY: build run test asan tsan crash fuzz bench lint format deps clean help

build: ## build/release/gantry (the default)
	@cmake --workflow --preset release

run: deps ## install what is missing, build, start the demonstration
	@cmake --workflow --preset release
	@build/release/gantry demo

test: deps ## install what is missing, build, all unit and end-to-end tests
	@tools/suite dev $(E2E_ARGS)

asan: deps ## the tests under AddressSanitizer, LeakSanitizer and UBSan
	@tools/suite asan $(E2E_ARGS)

tsan: deps ## the tests under ThreadSanitizer
	@tools/suite tsan $(E2E_ARGS)

crash: deps ## the tests that kill the server, with KILLS (100) kills at random each
	@cmake --preset dev
	@cmake --build --preset dev
	@GANTRY_KILLS=$(KILLS) tools/e2e dev -k kill

fuzz: deps ## each fuzz target for FUZZ_SECONDS (60)
	@cmake --workflow --preset fuzz
	@tools/fuzz $(FUZZ_SECONDS)

bench: ## the measurements of docs/benchmarks.md
	@tools/deps --bench
	@cmake --workflow --preset release
	@tools/bench

lint: deps ## format check, include check, clang-tidy, cppcheck
	@tools/lint

format: deps ## format the C files in place
	@tools/lint reformat

deps: ## install what is missing
	@tools/deps

clean: ## remove everything that was built
	@rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
