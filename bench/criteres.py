"""Mesure l'avis en lot et la simulation sur 60 000 personnes qui attendent, grilles et recueils compris.

Tout est écrit dans une transaction que l'on défait : la base mesurée garde ses lignes d'avant.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from django.db import connection, transaction
from django.utils import timezone

from bench.imports import Mesure
from jalon.agents.models import Agent, ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.diagnostics.models import CHAMPS, Recueil, VersionGrille
from jalon.orientations.criteres import liste_en_vigueur
from jalon.orientations.models import ListeCriteres
from jalon.orientations.propositions import evaluer_en_lot
from jalon.orientations.selectors import file_orientation
from jalon.orientations.simulation import simuler
from jalon.socle.rls import set_context

PERSONNES = 60_000
TOURS = 5
TABLES = (
    "personnes_personne", "personnes_foyer", "personnes_rattachement", "orientations_attenteorientation",
    "diagnostics_passation", "diagnostics_reponse", "diagnostics_recueil", "droits_soumission", "droits_situation",
    "droits_dossierrsa",
)  # fmt: skip

FILE = """
create temp table bench_personne on commit drop as
  select nextval('personnes_personne_id_seq') as personne, nextval('personnes_foyer_id_seq') as foyer,
    nextval('droits_dossierrsa_id_seq') as dossier, nextval('diagnostics_passation_id_seq') as passation, n,
    (select array_agg(t.id order by t.id) from organismes_territoire t
      where not exists (select 1 from organismes_territoire e where e.parent_id = t.id)) as lieux
  from generate_series(1, %(nombre)s) n;
insert into personnes_foyer (id, public_id, territoire_id)
  select foyer, gen_random_uuid(), lieux[1 + n %% cardinality(lieux)] from bench_personne;
insert into personnes_personne (id, public_id, civilite, nom, nom_naissance, prenom, prenom2, prenom3, date_naissance,
    qualite_date_naissance, commune_naissance, sexe, type_nir, identite_depuis, identifiant_france_travail,
    cle_recherche, cle_nom, cle_prenom, cle_prenoms, territoire_id)
  select personne, gen_random_uuid(), 'MME', 'N' || n, 'N' || n, 'P' || n, '', '', date '1960-01-01' + n %% 15000, '', '',
    '2', '', current_date, '', 'n' || n, 'n' || n, 'p' || n, 'p' || n, lieux[1 + n %% cardinality(lieux)]
  from bench_personne;
insert into droits_dossierrsa (id, public_id, foyer_id, numero_demande, rang_partage, matricule, caisse_regime,
    caisse_numero, partenaire, date_demande, instruction_rmi, empreinte)
  select dossier, gen_random_uuid(), foyer, 'BENCH' || n, 0, '', 'CAF', '621', '', current_date - n %% 3000, '', '\\x00'
  from bench_personne;
insert into droits_situation (dossier_id, etat, caisse, matricule, situation_familiale, regime_agricole, origine,
    sans_domicile_fixe, refus_motif, cloture_motif, cloture_anterieure_motif, cedant, cedant_matricule, prenant, periode)
  select dossier, '2', '', '', 'CEL', '', '', n %% 50 = 0, '', '', '', '', '', '', daterange(current_date - 60, null)
  from bench_personne;
insert into droits_soumission (dossier_id, personne_id, soumise, ressources, periode)
  select dossier, personne, true, case when n %% 5 = 0 then n %% 500 end, daterange(current_date - 60, null)
  from bench_personne;
insert into personnes_rattachement (foyer_id, personne_id, role, role_pfa, responsable, demande_precedente, parente, periode)
  select foyer, personne, 'DEM', '', true, '', '', daterange(current_date - 60, null) from bench_personne;
insert into orientations_attenteorientation (public_id, personne_id, dossier_id, motif, territoire_id, entree_le, echeance,
    motif_sortie)
  select gen_random_uuid(), personne, dossier, 'nouvel_entrant', lieux[1 + n %% cardinality(lieux)],
    current_date - n %% 90, current_date - n %% 90 + 60, '' from bench_personne;
"""
GRILLES = """
insert into diagnostics_passation (id, public_id, personne_id, version_id, date_passation, sexe, parcours_envisage,
    convenue, origine, saisie_par_id)
  select passation, gen_random_uuid(), personne, %(version)s, current_date - n %% 40, '2', '', true, 'entretien', %(agent)s
  from bench_personne where n %% 5 > 0;
insert into diagnostics_reponse (passation_id, item_id, echelon_id)
  select b.passation, e.item_id, e.id from bench_personne b
  join diagnostics_item i on i.version_id = %(version)s
  join diagnostics_echelon e on e.item_id = i.id and e.rang = 1 + (b.n * (3 + i.rang)) %% 6
  where b.n %% 5 > 0;
"""
RECUEILS = """
insert into diagnostics_recueil (public_id, personne_id, date_recueil, source, auteur_id, {colonnes})
  select gen_random_uuid(), personne, current_date - n %% 40, 'entretien', %(agent)s, {valeurs}
  from bench_personne where n %% 10 < 7;
"""


def _remplir(version: int, agent: int) -> None:
    propres = {"disponibilite": "(array['immediate', 'non', '', 'partielle'])[1 + n %% 4]", "suivis": "'{}'"}
    champs = [champ for champ in Recueil._meta.local_fields if champ.name in CHAMPS]
    valeurs = [propres.get(champ.name, "null" if champ.null else "''") for champ in champs]
    recueils = RECUEILS.format(colonnes=", ".join(str(champ.column) for champ in champs), valeurs=", ".join(valeurs))
    with connection.cursor() as curseur:
        for requete in (FILE, GRILLES, recueils):
            curseur.execute(requete, {"nombre": PERSONNES, "version": version, "agent": agent})
        for table in TABLES:
            curseur.execute(f"analyze {table}")


def mesurer(montrer: Callable[[str], None]) -> list[Mesure]:
    """L'avis de 60 000 personnes par la liste en vigueur, puis la simulation d'une liste contre une autre."""
    montrer("Avis en lot")
    profil = ProfilHabilitation.objects.get(code="siege")
    agent = Agent.objects.filter(affectations__profil=profil).order_by("id")[0]
    version = VersionGrille.objects.order_by("grille__rang", "-du").values_list("pk", flat=True)[0]
    perimetre = Perimetre.de(agent)
    jour, liste = timezone.localdate(), liste_en_vigueur()
    avis: list[float] = []
    simulations: list[float] = []
    with transaction.atomic():
        _remplir(version, agent.pk)
        variante = ListeCriteres.objects.filter(retiree_le=None).exclude(pk=liste.pk).first() or liste
        set_context(perimetre.reglages())
        ids = list(file_orientation(perimetre).order_by("personne_id").values_list("personne_id", flat=True))
        for _ in range(TOURS):
            depart = time.perf_counter()
            lot = evaluer_en_lot(ids, liste, jour)
            avis.append(time.perf_counter() - depart)
            depart = time.perf_counter()
            simulation = simuler(perimetre, liste, variante, jour)
            assert simulation.charges
            simulations.append(time.perf_counter() - depart)
        issues = {code or "sans avis": nombre for code, nombre in sorted(_compter(lot.issues()).items())}
        with connection.cursor() as curseur:
            curseur.execute("reset role")
        transaction.set_rollback(True)
    return [
        Mesure(f"Critères sur {len(ids):,} personnes".replace(",", " "), statistics.median(avis), "s", 5, str(issues)),
        Mesure("Simulation d'une liste contre une autre", statistics.median(simulations), "s", None,
               f"{simulation.changent} avis changent"),
    ]  # fmt: skip


def _compter(issues: list[str]) -> dict[str, int]:
    return {issue: issues.count(issue) for issue in set(issues)}
