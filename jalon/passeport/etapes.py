"""« C'est fait » : la personne dit elle-même qu'une étape qui est la sienne est franchie (R47, F050)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jalon.contrats.enums import EtatContrat, EtatObjectif
from jalon.contrats.models import Contrat, Etape
from jalon.passeport.livret import A_ELLE
from jalon.passeport.titulaire import Titulaire
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from jalon.traces.services import tracer

FAITE = "passeport.etape.faite"
REPRISE = "passeport.etape.reprise"


@transaction.atomic
def dire_faite(etape: Etape, titulaire: Titulaire, *, faite: bool = True) -> Etape:
    """Marque l'étape faite ce jour, ou se reprend ; le référent le voit, avec l'auteur.

    Elle ne touche ni une étape qui revient à un autre, ni ce qu'un professionnel a noté fait. Lève `JalonError` ou
    `TransitionRefuseeError`.
    """
    tenue = Etape.objects.select_for_update(of=("self",)).select_related("objectif").get(pk=etape.pk)
    contrat = Contrat.objects.filter(pk=tenue.objectif.contrat_id, personne_id=titulaire.cle).first()
    if contrat is None or contrat.etat not in EtatContrat.vivants():
        raise TransitionRefuseeError("Ce contrat n'est plus en cours : on n'y note plus rien.")
    if tenue.qui not in A_ELLE:
        raise JalonError("Cette étape revient à quelqu'un d'autre. Parlez-en avec votre référent.")
    if faite == (tenue.etat == EtatObjectif.ATTEINT):
        return tenue
    if not faite and tenue.public_id not in dites_par_la_personne([tenue.public_id]):
        raise JalonError("Un professionnel a noté cette étape : dites-lui si ce n'est pas juste.")
    tenue.etat = EtatObjectif.ATTEINT if faite else EtatObjectif.EN_COURS
    tenue.faite_le = timezone.localdate() if faite else None
    tenue.numero += 1
    tenue.save(update_fields=["etat", "faite_le", "numero", "modifie_le"])
    tracer(
        FAITE if faite else REPRISE, tenue, acteur=None, personnes=[titulaire.dossier], vers=tenue.etat,
        resume=f"{'Étape dite faite' if faite else 'Étape reprise'} par la personne : {tenue.intitule}"[:300],
    )  # fmt: skip
    return tenue


def dites_par_la_personne(etapes: Iterable[UUID]) -> set[UUID]:
    """Étapes dont le dernier mot, au journal, est celui de la personne disant « c'est fait »."""
    actes = (
        Acte.objects.filter(objet__in=list(etapes), code__in=(FAITE, REPRISE))
        .order_by("accompli_le", "pk")
        .values_list("objet", "code")
    )
    derniers = {objet: code for objet, code in actes if objet is not None}  # le dernier l'emporte
    return {objet for objet, code in derniers.items() if code == FAITE}
