"""Passer la présidence, noter un départ, défaire un retrait : depuis les écrans, sans script."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.instances.composition import nommer_membre
from jalon.instances.models import DeportMembre, EtatDossierSeance, MembreInstance, PresenceSeance, Seance
from jalon.instances.ordre_du_jour import retirer_membre
from jalon.instances.seances import passer_presidence
from tests.distribution import Distribution
from tests.instances.plateau_avis import PlateauAvis
from tests.instances.test_rendre_un_avis import statuer

pytestmark = pytest.mark.django_db


@pytest.fixture
def ep(distribution: Distribution) -> PlateauAvis:
    return PlateauAvis(distribution)


def lue(reponse: Any) -> str:
    return " ".join(reponse.content.decode().split())


def suppleer(ep: PlateauAvis, titulaire: MembreInstance) -> MembreInstance:
    return nommer_membre(
        ep.instance, qualite=titulaire.qualite, nom_externe="Odile Remplacante", supplee=titulaire, acteur=ep.d.siege,
        perimetre=Perimetre.de(ep.d.siege), du=date(2020, 1, 1),
    )  # fmt: skip


def test_la_presidence_se_retire_d_un_dossier_et_le_fait_presider(ep: PlateauAvis, entrer: Any) -> None:
    titulaire = ep.sieges["presidence"]
    remplacante = suppleer(ep, titulaire)
    seance = ep.ouverte([ep.procedure()])
    [dossier] = ep.dossiers(seance)
    retirer_membre(
        dossier, acteur=ep.secretaire, perimetre=Perimetre.de(ep.secretaire), membre=titulaire, motif="Parenté"
    )
    client = entrer(ep.secretaire)
    salle = reverse("seance_dossier", args=[dossier.public_id])
    assert "passez la présidence" in lue(client.get(salle))
    page = client.get(reverse("seance", args=[seance.public_id]))
    assert [m.pk for m in page.context["autres_presidents"]] == [remplacante.pk]
    assert "Passer la présidence </span>à Odile Remplacante" in lue(page)
    assert "passez d’abord la présidence pour changer sa présence" in lue(page)
    adresse = reverse("seance_presidence", args=[seance.public_id])
    assert client.post(adresse, {"president": remplacante.public_id}).status_code == 302
    assert "passez la présidence" not in lue(client.get(salle))
    seance.refresh_from_db()
    assert seance.president == remplacante
    assert "préside déjà" in lue(client.post(adresse, {"president": remplacante.public_id}, follow=True))


def test_qui_s_est_retire_sait_que_le_dossier_existe_et_rien_de_plus(ep: PlateauAvis, entrer: Any) -> None:
    seance = ep.ouverte([ep.procedure(), ep.procedure()])
    ferme, ouvert = ep.dossiers(seance)
    retirer_membre(
        ferme,
        acteur=ep.secretaire,
        perimetre=Perimetre.de(ep.secretaire),
        membre=ep.sieges["presidence"],
        motif="Parenté",
    )
    client = entrer(ep.presidente)
    for page in ("seance", "seance_clore"):
        reponse = client.get(reverse(page, args=[seance.public_id]))
        assert [d.pk for d in reponse.context["dossiers"]] == [ouvert.pk]
        assert f"N° {ferme.rang} : votre retrait est noté" in lue(reponse)
        assert "sinon il sera ajourné" in lue(reponse)
        assert str(ferme.public_id) not in lue(reponse)
        assert ferme.personne.nom not in lue(reponse)
    assert "votre retrait" not in lue(entrer(ep.secretaire).get(reverse("seance", args=[seance.public_id])))
    statuer(ep, ouvert)
    assert client.post(reverse("seance_clore", args=[seance.public_id])).status_code == 302
    apres = lue(client.get(reverse("seance", args=[seance.public_id])))
    assert f"N° {ferme.rang} : votre retrait est noté, ce dossier ne vous est pas ouvert. Il est ajourné." in apres


def test_qui_s_est_retire_sait_que_le_dossier_fut_examine_sans_lui(ep: PlateauAvis, entrer: Any) -> None:
    titulaire = ep.sieges["presidence"]
    remplacante = suppleer(ep, titulaire)
    seance = ep.ouverte([ep.procedure()], presents=("presidence", "membre", "pole_emploi", "caf", "representant"))
    [dossier] = ep.dossiers(seance)
    conduite: dict[str, Any] = {"acteur": ep.secretaire, "perimetre": Perimetre.de(ep.secretaire)}
    retirer_membre(dossier, membre=titulaire, motif="Parenté", **conduite)
    passer_presidence(seance, president=remplacante, **conduite)
    statuer(ep, dossier, acteur=ep.secretaire)
    phrase = (
        f"N° {dossier.rang} : votre retrait est noté, ce dossier ne vous est pas ouvert. Il a été examiné sans vous."
    )
    page = lue(entrer(ep.presidente).get(reverse("seance", args=[seance.public_id])))
    assert phrase in page
    assert "Aucun autre dossier n’est à l’ordre du jour." in page
    assert "Rien n’a été inscrit" not in page


def test_qui_ne_fait_que_sieger_n_en_sait_plus_rien(ep: PlateauAvis, entrer: Any) -> None:
    seance = ep.ouverte([ep.procedure()])
    [dossier] = ep.dossiers(seance)
    retirer_membre(
        dossier,
        acteur=ep.secretaire,
        perimetre=Perimetre.de(ep.secretaire),
        membre=ep.sieges["membre"],
        motif="Parenté",
    )
    page = lue(entrer(ep.membre).get(reverse("seance", args=[seance.public_id])))
    assert "votre retrait" not in page
    assert dossier.personne.nom not in page


def test_un_depart_se_note_et_laisse_clore(ep: PlateauAvis, entrer: Any) -> None:
    seance = ep.ouverte([ep.procedure()])
    statuer(ep, ep.dossiers(seance)[0])
    client = entrer(ep.presidente)
    presence = reverse("seance_presence", args=[seance.public_id])
    client.post(presence, {"membre": ep.sieges["representant"].public_id, "etat": "parti"})
    assert PresenceSeance.objects.get(seance=seance, membre=ep.sieges["representant"]).etat == "parti"
    relire = client.get(reverse("seance_clore", args=[seance.public_id]))
    assert relire.context["defaut"] == ""
    assert "avant un départ, au complet" in lue(relire)
    assert client.post(reverse("seance_clore", args=[seance.public_id])).status_code == 302
    assert ep.dossiers(seance)[0].etat == EtatDossierSeance.APPLIQUE


def test_sans_quorum_la_relecture_dit_quoi_faire(ep: PlateauAvis, entrer: Any) -> None:
    seance = ep.ouverte([ep.procedure()])
    statuer(ep, ep.dossiers(seance)[0])
    PresenceSeance.objects.filter(seance=seance, membre=ep.sieges["representant"]).update(etat="absent")
    assert "ou levez la séance sans décision" in lue(
        entrer(ep.presidente).get(reverse("seance_clore", args=[seance.public_id]))
    )


def test_un_retrait_note_par_erreur_se_defait(ep: PlateauAvis, entrer: Any) -> None:
    seance = ep.ouverte([ep.procedure()])
    [dossier] = ep.dossiers(seance)
    client, caf = entrer(ep.presidente), ep.sieges["caf"]
    client.post(reverse("seance_retrait", args=[dossier.public_id]), {"membre": caf.public_id, "motif": "Parenté"})
    assert "Noté par erreur" in lue(client.get(reverse("seance_dossier", args=[dossier.public_id])))
    adresse = reverse("seance_retrait_annuler", args=[dossier.public_id])
    refus = lue(client.post(adresse, {"membre": "", "motif": "Mauvais dossier"}, follow=True))
    assert "Choisissez le membre" in refus
    client.post(adresse, {"membre": caf.public_id, "motif": "Mauvais dossier"})
    assert not DeportMembre.objects.exists()


def test_qui_s_est_retire_ne_se_voit_offrir_que_le_proces_verbal_sans_les_noms(ep: PlateauAvis, entrer: Any) -> None:
    seance = ep.ouverte([ep.procedure()])
    [dossier] = ep.dossiers(seance)
    statuer(ep, dossier, acteur=ep.secretaire)
    retirer_membre(
        dossier, acteur=ep.secretaire, perimetre=Perimetre.de(ep.secretaire), membre=ep.sieges["presidence"],
        motif="Parenté",
    )  # fmt: skip
    client = entrer(ep.presidente)
    client.post(reverse("seance_clore", args=[seance.public_id]))
    page = lue(client.get(reverse("seance", args=[seance.public_id])))
    assert "Procès-verbal sans les noms" in page
    assert "Procès-verbal (PDF)" not in page
    entier = client.get(reverse("seance_pv", args=[seance.public_id])).content
    assert entier == client.get(reverse("seance_pv", args=[seance.public_id]) + "?sans_noms=oui").content


@pytest.mark.parametrize(("etat", "phrase"), [("convoquee", "n’a pas été ouverte"), ("ouverte", "n’est pas close")])
def test_une_seance_qui_tarde_le_dit_a_qui_la_conduit(ep: PlateauAvis, entrer: Any, etat: str, phrase: str) -> None:
    """Tant qu'elle n'est pas finie, ses membres en lisent les dossiers."""
    seance = ep.convoquee([ep.procedure()]) if etat == "convoquee" else ep.ouverte([ep.procedure()])
    adresse = reverse("seance", args=[seance.public_id])
    client = entrer(ep.secretaire)
    assert phrase not in lue(client.get(adresse))
    Seance.objects.filter(pk=seance.pk).update(date=timezone.localdate() - timedelta(days=1))
    assert phrase in lue(client.get(adresse))
