"""Le contrat d'une personne sur sa page : celui qui vit, celui qui se prépare, les jours passés et l'acte suivant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace

from django.urls import reverse

from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat
from jalon.web.contrats.liste import badge
from jalon.web.dossiers.selectors import DossierPersonne
from jalon.web.templatetags.jalon import date_courte, jours

SUITES: dict[str, tuple[str, str, str]] = {
    EtatContrat.BROUILLON: ("Finir de l’écrire, avec la personne.", "contrat.rediger", "Écrire le contrat"),
    EtatContrat.A_SIGNER: ("La personne doit le signer.", "contrat.rediger", "Faire signer"),
    EtatContrat.SIGNE_PERSONNE: ("Le référent doit le signer.", "contrat.rediger", "Signer"),
    EtatContrat.SIGNE: ("Le service doit en constater la réception.", "contrat.recevoir", "Constater la réception"),
    EtatContrat.RECU: ("Le service doit le valider.", "contrat.valider", "Ouvrir pour valider"),
    EtatContrat.EN_LECTURE: ("La lecture commune doit rendre son avis.", "contrat.recevoir", "Noter l’avis"),
    EtatContrat.RENVOYE: ("Il est renvoyé : le référent doit le reprendre.", "contrat.rediger", "Reprendre"),
    EtatContrat.BILAN: ("Le bilan est fait : renouveler ou terminer.", "contrat.rediger", "Choisir la suite"),
}
"""Ce que chaque état attend, de qui, et le bouton qui y mène."""


@dataclass(frozen=True, slots=True)
class BlocContrat:
    """Un contrat en quelques lignes."""

    lu: SimpleNamespace
    badge: dict[str, str]
    dates: str
    attend: str
    url: str
    url_texte: str


def dernier_jour(lu: SimpleNamespace) -> date:
    """Dernier jour d'un contrat en vigueur ; sa période ne le comprend pas."""
    fin: date = lu.periode.upper
    return fin - timedelta(days=1)


def blocs_contrat(dossier: DossierPersonne, perimetre: Perimetre, jour: date) -> list[BlocContrat]:
    """Le contrat en vigueur, puis celui qui se prépare."""
    return [bloc(lu, perimetre, jour) for lu in (dossier.contrat_vivant, dossier.contrat_prepare) if lu is not None]


def bloc(lu: SimpleNamespace, perimetre: Perimetre, jour: date) -> BlocContrat:
    attend, droit, bouton = SUITES.get(lu.etat, ("", "contrats.consulter", "Ouvrir le contrat"))
    if not perimetre.peut(droit):
        bouton = "Ouvrir le contrat"
    route = "contrat_ecrire" if lu.etat == EtatContrat.BROUILLON and not lu.reference_seule else "contrat"
    if route == "contrat_ecrire" and not perimetre.peut(droit):
        route = "contrat"
    url = reverse(route, args=[lu.public_id]) if perimetre.peut("contrats.consulter") else ""
    return BlocContrat(lu, badge(lu, jour), _dates(lu, jour), attend, url, bouton)


def _dates(lu: SimpleNamespace, jour: date) -> str:
    """Les jours passés, ceux du service compris (R48-R50)."""
    if lu.etat in EtatContrat.vivants():
        fin = dernier_jour(lu)
        reste = (fin - jour).days
        quand = f"encore {jours(reste)}" if reste >= 0 else f"fini depuis {jours(-reste)}"
        return f"Jusqu’au {date_courte(fin)} : {quand}."
    if lu.signe_le is not None and lu.etat in EtatContrat.a_valider():
        recu = f" Reçu le {date_courte(lu.recu_le)}." if lu.recu_le is not None else ""
        depuis = (jour - lu.signe_le).days
        return (
            f"Signé le {date_courte(lu.signe_le)}, il y a {jours(depuis)}.{recu}"
            if depuis
            else f"Signé aujourd’hui.{recu}"
        )
    depuis = (jour - lu.ouvert_le).days
    return f"Commencé il y a {jours(depuis)}, le {date_courte(lu.ouvert_le)}." if depuis else "Commencé aujourd’hui."
