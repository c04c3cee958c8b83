# Jalon. « make help » dit ce que fait chaque cible.
PYTHON ?= python3
V := .venv/bin
export JALON_DONNEES ?= $(CURDIR)/var

.DEFAULT_GOAL := help
.PHONY: help install install-essais demo test test-rapide lint format bench verrouiller

help: ## montre cette aide
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

install: ## installe tout dans ce dossier (.venv, node_modules)
	@$(PYTHON) outils/installer.py

install-essais:
	@$(PYTHON) outils/installer.py --essais

demo: install ## crée un département de démonstration et le sert (PORT=8000, TAILLE=6000, PROFIL=pas-de-calais)
	@$(V)/jalon demo --port $(or $(PORT),8000) --taille $(or $(TAILLE),6000) --profil $(or $(PROFIL),pas-de-calais)

test: install-essais ## installe ce qu'il faut et passe tous les essais
	@JALON_DONNEES=$(JALON_DONNEES)/essais $(V)/python -m pytest -n 2 --dist loadfile $(ARGS)

test-rapide: install-essais ## passe les essais sans navigateur ni essai lent
	@JALON_DONNEES=$(JALON_DONNEES)/essais $(V)/python -m pytest -n 2 --dist loadfile -m "not lent and not navigateur" $(ARGS)

lint: install-essais ## vérifie le style, les types, les frontières entre pièces, les gabarits et les migrations
	@$(V)/ruff check .
	@$(V)/ruff format --check .
	@$(V)/mypy jalon config
	@$(V)/lint-imports
	@$(V)/djlint --lint --quiet jalon/web/templates
	@JALON_DONNEES=$(JALON_DONNEES)/essais $(V)/python manage.py makemigrations --check --dry-run

format: install-essais ## met le code en forme
	@$(V)/ruff check --fix --quiet . || true
	@$(V)/ruff format --quiet .


bench: install ## mesure l'import, la recherche et les pages à taille réelle (62 549 foyers)
	@JALON_DONNEES=$(JALON_DONNEES)/bench $(V)/python -m bench $(ARGS)

verrouiller: install ## recalcule les versions verrouillées de requirements/
	@for f in base dev; do $(V)/uv pip compile --quiet --upgrade --generate-hashes --python-version 3.11 \
	  requirements/$$f.in -o requirements/$$f.txt --custom-compile-command "make verrouiller"; done
