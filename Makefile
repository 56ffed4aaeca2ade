SHELL := /bin/bash
# Thin names over scripts/ and cargo. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup run test check rust e2e lab fmt

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{ printf "  %-8s %s\n", $$1, $$2 }'

setup: ## Install toolchain, system packages and npm packages
	@./scripts/setup

run: ## The main job: a local network, a stored file, proofs, a caught cheat
	@./scripts/run

test: ## Every check and every test
	@./scripts/test

check: ## Everything that can be said without running the programs
	@./scripts/check

rust: ## The Rust tests only
	@./scripts/test rust

e2e: ## The end-to-end tests only
	@./scripts/test e2e

lab: ## Lines of set rates and every attack on their measurement (needs root; eighty minutes)
	@./scripts/bandwidth-lab

fmt: ## Format all Rust sources
	@. scripts/lib.sh && choose_toolchain && cargo fmt --all
