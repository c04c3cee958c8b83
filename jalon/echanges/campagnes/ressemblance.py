"""Rapprocher par ressemblance, avec Splink : ce que les clés exactes n'ont pas trouvé (R34, F028).

Une pièce à part, que seul le rapprochement d'une liste charge : Splink et DuckDB pèseraient sinon sur chaque commande et sur
chaque processus du web.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa
import splink.comparison_level_library as niveaux
import splink.comparison_library as comparaisons
from splink import Linker, SettingsCreator
from splink.backends.duckdb import DuckDBAPI
from splink.blocking_rule_library import CustomRule

from jalon.echanges.campagnes.rapprochement import PROBABLE, Candidat, Identite
from jalon.socle.textes import normaliser


def _niveau(sql: str, m: float, u: float) -> Any:
    return niveaux.CustomLevel(sql).configure(m_probability=m, u_probability=u)


_MEME_NOM = "(nom_l = nom_r or nom_l = naissance_r or naissance_l = nom_r or naissance_l = naissance_r)"
_NOM_PROCHE = "greatest(jaro_winkler_similarity(nom_l, nom_r), jaro_winkler_similarity(naissance_l, naissance_r))"
_PRENOM_PROCHE = "jaro_winkler_similarity(prenom_l, prenom_r)"

MODELE: Final = SettingsCreator(
    link_type="link_only",
    unique_id_column_name="cle",
    # Une ligne de la liste a, avant tout examen, environ une chance sur deux mille d'être telle personne du bloc.
    probability_two_random_records_match=0.0005,
    comparisons=[
        comparaisons.CustomComparison(
            output_column_name="noms",
            comparison_levels=[
                _niveau(f"{_MEME_NOM} and prenom_l = prenom_r", 0.72, 0.00002),
                _niveau(
                    "(nom_l = prenom_r or naissance_l = prenom_r) and prenom_l in (nom_r, naissance_r)", 0.05, 0.00001
                ),
                _niveau(f"{_MEME_NOM} and {_PRENOM_PROCHE} >= 0.90", 0.07, 0.00004),
                _niveau(f"{_NOM_PROCHE} >= 0.90 and prenom_l = prenom_r", 0.08, 0.0001),
                _niveau(f"{_NOM_PROCHE} >= 0.88 and {_PRENOM_PROCHE} >= 0.88", 0.04, 0.0003),
                _niveau("prenom_l = prenom_r", 0.02, 0.008),
                niveaux.ElseLevel().configure(m_probability=0.02, u_probability=0.99),
            ],
        ),
        comparaisons.CustomComparison(
            output_column_name="naissance_le",
            comparison_levels=[
                niveaux.NullLevel("naissance_le"),
                _niveau("naissance_le_l = naissance_le_r", 0.90, 0.00005),
                _niveau(
                    "substr(naissance_le_l, 1, 4) = substr(naissance_le_r, 1, 4) "
                    "and substr(naissance_le_l, 6, 2) = substr(naissance_le_r, 9, 2) "
                    "and substr(naissance_le_l, 9, 2) = substr(naissance_le_r, 6, 2)",
                    0.02,
                    0.00005,
                ),
                _niveau("damerau_levenshtein(naissance_le_l, naissance_le_r) <= 1", 0.06, 0.0015),
                niveaux.ElseLevel().configure(m_probability=0.02, u_probability=0.9984),
            ],
        ),  # fmt: skip
        comparaisons.CustomComparison(
            output_column_name="sexe",
            comparison_levels=[
                niveaux.NullLevel("sexe"),
                _niveau("sexe_l = sexe_r", 0.99, 0.5),
                niveaux.ElseLevel().configure(m_probability=0.01, u_probability=0.5),
            ],
        ),
        comparaisons.CustomComparison(
            output_column_name="code_postal",
            comparison_levels=[
                niveaux.NullLevel("code_postal"),
                _niveau("code_postal_l = code_postal_r", 0.75, 0.01),
                niveaux.ElseLevel().configure(m_probability=0.25, u_probability=0.99),
            ],
        ),
    ],
    blocking_rules_to_generate_predictions=[
        CustomRule("l.naissance_le = r.naissance_le"),
        CustomRule("l.nom = r.nom and substr(l.prenom, 1, 2) = substr(r.prenom, 1, 2)"),
        CustomRule("l.naissance = r.naissance and substr(l.naissance_le, 1, 4) = substr(r.naissance_le, 1, 4)"),
        CustomRule("l.nom = r.prenom and l.prenom = r.nom"),
        CustomRule("l.prenom = r.prenom and substr(l.naissance_le, 1, 7) = substr(r.naissance_le, 1, 7)"),
    ],
    retain_matching_columns=False,
)


def rapprocher_par_ressemblance(
    lignes: Sequence[Identite], personnes: Sequence[Identite], *, seuil: float
) -> dict[int, list[Candidat]]:
    """Candidats dont la ressemblance atteint `seuil` (0 à 1), les plus proches d'abord."""
    if not lignes or not personnes:
        return {}
    with duckdb.connect() as connexion:
        base = DuckDBAPI(connection=connexion)
        tables = [
            base.register(_table(lignes), dataset_display_name="ligne"),
            base.register(_table(personnes), dataset_display_name="personne"),
        ]
        lieur = Linker(tables, MODELE, log_level="ERROR", validate_settings=False)
        paires = lieur.inference.predict(threshold_match_probability=seuil, warning_mode="never")
        vues = connexion.execute(
            "select case source_dataset_l when 'ligne' then cle_l else cle_r end, "
            "case source_dataset_l when 'ligne' then cle_r else cle_l end, match_probability "
            f"from {paires.physical_name}"
        ).fetchall()
    trouves: dict[int, list[Candidat]] = defaultdict(list)
    for ligne, personne, score in vues:
        trouves[ligne].append(Candidat(ligne, personne, float(score), PROBABLE))
    for candidats in trouves.values():
        candidats.sort(key=lambda c: (-c.score, c.personne))
    return dict(trouves)


def _table(identites: Sequence[Identite]) -> pa.Table:
    def vide(texte: str) -> str | None:
        return texte or None

    return pa.table(
        {
            "cle": pa.array([i.cle for i in identites], pa.int64()),
            "nom": pa.array([vide(normaliser(i.nom)) for i in identites], pa.string()),
            "naissance": pa.array([vide(normaliser(i.nom_naissance or i.nom)) for i in identites], pa.string()),
            "prenom": pa.array([vide(normaliser(i.prenom)) for i in identites], pa.string()),
            "naissance_le": pa.array(
                [i.date_naissance.isoformat() if i.date_naissance else None for i in identites], pa.string()
            ),
            "sexe": pa.array([vide(i.sexe) for i in identites], pa.string()),
            "code_postal": pa.array([vide(i.code_postal) for i in identites], pa.string()),
        }
    )
