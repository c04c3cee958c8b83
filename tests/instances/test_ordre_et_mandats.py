"""Ce qui change entre la convocation et la clôture : un déménagement, un mandat, un retrait, le compte des voix."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.instances.acces import acceder_dossier_seance
from jalon.instances.auditions import convoquer_personnes, fixer_passages
from jalon.instances.cloture import lever_seance
from jalon.instances.composition import nommer_membre, terminer_mandat
from jalon.instances.examen import ajourner_dossier
from jalon.instances.models import (
    EtatDossierSeance,
    EtatPresence,
    EtatSeance,
    Instance,
    MembreInstance,
    PresenceSeance,
    Seance,
    ThemeInstance,
)
from jalon.instances.ordre_du_jour import noter_dossier, retirer_membre
from jalon.instances.saisines import inscrire_saisines
from jalon.instances.seances import annuler_seance, convoquer_membres, noter_presence, ouvrir_seance, planifier_seance
from jalon.manquements.models import Manquement
from jalon.personnes.models import Personne
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.socle.rls import web_role
from tests.instances.plateau_avis import PlateauAvis
from tests.instances.test_rendre_un_avis import clore, regle, statuer

pytestmark = pytest.mark.django_db
PRESENTS = ("presidence", "membre", "caf", "representant")


@pytest.fixture
def ep(distribution: Any) -> PlateauAvis:
    return PlateauAvis(distribution)


def qui(agent: Any) -> dict[str, Any]:
    return {"acteur": agent, "perimetre": Perimetre.de(agent)}


# --- Un déménagement


def demenager(ep: PlateauAvis, dossier: Any) -> None:
    Personne.objects.filter(pk=dossier.personne_id).update(territoire=ep.d.autre_territoire)


@pytest.mark.parametrize("fin", ["clore", "lever", "annuler"])
def test_qui_a_demenage_ne_reste_pas_a_l_ordre_du_jour_d_une_seance_finie(ep: PlateauAvis, fin: str) -> None:
    """La présidence ne voit plus ce dossier ; il sort quand même, et se réinscrit là où la personne vit."""
    procedure = ep.procedure()
    seance = ep.convoquee([procedure]) if fin == "annuler" else ep.ouverte([procedure])
    [dossier] = ep.dossiers(seance)
    if fin != "annuler":
        statuer(ep, dossier)
    demenager(ep, dossier)
    with web_role(Perimetre.de(ep.secretaire if fin == "annuler" else ep.presidente).reglages()):
        if fin == "clore":
            clore(ep, seance)
        elif fin == "lever":
            lever_seance(seance, **qui(ep.presidente), motif="Plus personne")
        else:
            annuler_seance(seance, **qui(ep.secretaire), motif="Neige")
    seance.refresh_from_db()
    dossier.refresh_from_db()
    procedure.refresh_from_db()
    assert seance.etat == (EtatSeance.ANNULEE if fin == "annuler" else EtatSeance.CLOSE)
    assert dossier.etat == (EtatDossierSeance.RETIRE if fin == "annuler" else EtatDossierSeance.AJOURNE)
    assert procedure.etat == "averti", "aucun avis n'est porté sur elle"

    ailleurs = Instance.objects.get(territoire=ep.d.autre_territoire, type=ep.instance.type)
    suivante = planifier_seance(
        ailleurs, **qui(ep.d.siege), jour=timezone.localdate() + timedelta(days=40), heure=time(9), lieu="Mairie"
    )
    [repris] = inscrire_saisines(suivante, **qui(ep.d.siege), manquements=[procedure.public_id])
    assert repris.personne_id == dossier.personne_id


# --- Les mandats


def test_un_mandat_fini_sort_de_la_feuille(ep: PlateauAvis) -> None:
    seance = ep.convoquee([ep.procedure()])
    terminer_mandat(ep.sieges["caf"], **qui(ep.d.siege))
    ouvrir_seance(
        seance, **qui(ep.presidente), president=ep.sieges["presidence"], presents=[ep.sieges[c].pk for c in PRESENTS]
    )
    assert not PresenceSeance.objects.filter(seance=seance, membre=ep.sieges["caf"]).exists()
    assert PresenceSeance.objects.filter(seance=seance, etat=EtatPresence.PRESENT).count() == len(PRESENTS) - 1


def test_refuse_une_presidence_dont_le_mandat_est_fini(ep: PlateauAvis) -> None:
    seance = ep.convoquee([ep.procedure()])
    terminer_mandat(ep.sieges["presidence"], **qui(ep.d.siege))
    finie = MembreInstance.objects.get(pk=ep.sieges["presidence"].pk)
    with pytest.raises(JalonError, match="Le mandat de .* ne couvre pas"):
        ouvrir_seance(seance, **qui(ep.presidente), president=finie, presents=[ep.sieges[c].pk for c in PRESENTS])


def test_refuse_un_suppleant_dont_le_mandat_est_fini(ep: PlateauAvis) -> None:
    suppleant = nommer_membre(
        ep.instance, **qui(ep.d.siege), qualite=ep.qualite("caf"), nom_externe="Suppléante", supplee=ep.sieges["caf"]
    )
    seance = ep.convoquee([ep.procedure()])
    terminer_mandat(suppleant, **qui(ep.d.siege))
    suppleant.refresh_from_db()
    with pytest.raises(JalonError, match="Le mandat de .* ne couvre pas"):
        noter_presence(
            seance, **qui(ep.secretaire), membre=ep.sieges["caf"], etat="represente", represente_par=suppleant
        )


# --- Les voix


def test_refuse_plus_de_voix_que_de_votants(ep: PlateauAvis) -> None:
    procedure = ep.procedure()
    [dossier] = ep.dossiers(ep.ouverte([procedure]))
    choix = {"vote": "majoritaire", "regle": regle(procedure), "taux": 50, "duree": 1}
    with pytest.raises(JalonError, match="5 voix comptées pour 4 membres"):
        statuer(ep, dossier, "favorable", **choix, voix_pour=3, voix_contre=2)
    statuer(ep, dossier, "favorable", **choix, voix_pour=3, voix_contre=1)


def test_un_retrait_apres_le_vote_demande_de_recompter(ep: PlateauAvis) -> None:
    procedure = ep.procedure()
    seance = ep.ouverte([procedure], presents=(*PRESENTS, "pole_emploi"))
    [dossier] = ep.dossiers(seance)
    statuer(
        ep,
        dossier,
        "favorable",
        vote="majoritaire",
        regle=regle(procedure),
        taux=50,
        duree=1,
        voix_pour=3,
        voix_contre=2,
    )
    retirer_membre(dossier, **qui(ep.presidente), membre=ep.sieges["membre"], motif="Cousin")
    clore(ep, seance)
    dossier.refresh_from_db()
    assert dossier.etat == EtatDossierSeance.A_REVOIR
    assert "5 voix comptées pour 4 membres" in dossier.motif


def test_l_unanimite_des_presents_n_est_pas_la_majorite_des_membres(ep: PlateauAvis) -> None:
    procedure = ep.procedure()
    [dossier] = ep.dossiers(ep.ouverte([procedure]))
    ThemeInstance.objects.filter(pk=dossier.theme_id).update(majorite="absolue")
    choix = {"vote": "unanime", "regle": regle(procedure), "taux": 50, "duree": 1}
    for rang, code in enumerate(("msa", "ccas", "partenaire")):
        nommer_membre(ep.instance, **qui(ep.d.siege), qualite=ep.qualite(code), nom_externe=f"Membre {rang}")
    membres = MembreInstance.objects.filter(instance=ep.instance, supplee=None).count()
    assert membres >= 2 * len(PRESENTS)
    with pytest.raises(JalonError, match=f"majorité des {membres} membres : 4 voix n'y suffisent pas"):
        statuer(ep, dossier, "favorable", **choix)


def test_refuse_de_deliberer_sans_les_representants(ep: PlateauAvis) -> None:
    seance = ep.ouverte([ep.procedure()], presents=("presidence", "membre", "caf"))
    [dossier] = ep.dossiers(seance)
    with pytest.raises(TransitionRefuseeError, match="Quorum non atteint"):
        statuer(ep, dossier)
    noter_presence(seance, **qui(ep.presidente), membre=ep.sieges["representant"], etat="present")
    statuer(ep, dossier)


# --- Les retraits


def test_un_retrait_suit_la_personne_a_la_seance_suivante(ep: PlateauAvis) -> None:
    procedure, membre = ep.procedure(), Perimetre.de(ep.membre)
    [dossier] = ep.dossiers(ep.ouverte([procedure]))
    retirer_membre(dossier, **qui(ep.membre), membre=ep.sieges["membre"], motif="Cousin")
    with pytest.raises(DroitManquantError, match="vous n'y laissez plus de note"):
        noter_dossier(dossier, **qui(ep.membre), opinion="favorable")
    ajourner_dossier(dossier, **qui(ep.presidente), motif="Une pièce manque")
    suivante = planifier_seance(
        ep.instance, **qui(ep.secretaire), jour=timezone.localdate() + timedelta(days=40), heure=time(9), lieu="Mairie"
    )
    [repris] = inscrire_saisines(suivante, **qui(ep.secretaire), manquements=[procedure.public_id])
    convoquer_membres(suivante, **qui(ep.secretaire))
    with pytest.raises(HorsPerimetreError):
        acceder_dossier_seance(membre, repris.public_id)
    assert acceder_dossier_seance(Perimetre.de(ep.presidente), repris.public_id) == repris


# --- Une reprise dans la même séance


def test_ajournee_puis_reprise_la_personne_reste_convoquee(ep: PlateauAvis) -> None:
    procedure = ep.procedure()
    Manquement.objects.filter(pk=procedure.pk).update(demande_audition=True)
    seance = ep.preparee([procedure], jour=timezone.localdate() + timedelta(days=40))
    fixer_passages(seance, **qui(ep.secretaire), premier=time(9), minutes=20)
    convoquer_personnes(seance, **qui(ep.secretaire))
    convoquer_membres(seance, **qui(ep.secretaire))
    Seance.objects.filter(pk=seance.pk).update(date=timezone.localdate())
    Manquement.objects.filter(pk=procedure.pk).update(audition_proposee_le=timezone.localdate())
    seance.refresh_from_db()
    ouvrir_seance(
        seance, **qui(ep.presidente), president=ep.sieges["presidence"], presents=[ep.sieges[c].pk for c in PRESENTS]
    )
    [dossier] = ep.dossiers(seance)
    ajourner_dossier(dossier, **qui(ep.presidente), motif="En retard")
    statuer(ep, dossier)
    clore(ep, seance)
    dossier.refresh_from_db()
    assert (dossier.etat, dossier.motif) == (EtatDossierSeance.APPLIQUE, "")
