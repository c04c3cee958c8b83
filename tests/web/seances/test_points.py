"""Une instance générale à l'écran : ses points, ses décisions, leur suivi."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from jalon.instances.models import PointSeance, Seance
from tests.distribution import Distribution
from tests.instances.test_points_generaux import Pacte

pytestmark = pytest.mark.django_db


def test_du_point_au_suivi_sans_script(distribution: Distribution, entrer: Any) -> None:
    pacte = Pacte(distribution)
    secretaire, presidence = entrer(distribution.orienteur), entrer(pacte.presidente)
    instance = f"/instances/{pacte.instance.public_id}/"
    ici = secretaire.post(
        f"{instance}seances/", {"date": timezone.localdate().isoformat(), "heure": "14:00", "lieu": "Mairie"}
    ).url
    assert "Écrivez les points" in secretaire.get(ici).content.decode()
    theme = pacte.instance.type.themes.get(code="actions")
    secretaire.post(f"{ici}points/", {"theme": theme.pk, "intitule": "Atelier mobilité", "expose": "Besoin connu"})
    secretaire.post(f"{ici}points/", {"theme": theme.pk, "intitule": "À retirer"})
    retire = PointSeance.objects.get(intitule="À retirer")
    secretaire.post(f"/seances/points/{retire.public_id}/retirer/")
    page = secretaire.get(ici).content.decode()
    assert "Besoin connu" in page
    assert f"point-{retire.public_id}" not in page
    secretaire.post(f"{ici}convoquer/", {"motif_urgence": "Essai"})
    presidence.post(
        f"{ici}ouvrir/",
        {"president": pacte.sieges[0].public_id, "presents": [s.public_id for s in pacte.sieges]},
    )
    point = PointSeance.objects.get(intitule="Atelier mobilité")
    decider = f"/seances/points/{point.public_id}/decider/"
    fautif = presidence.post(decider, {"decision": "", "responsable": "Membre un"}, follow=True).content.decode()
    assert "Écrivez la décision" in fautif
    presidence.post(decider, {"decision": "Ouvrir l'atelier", "responsable": "Membre un", "echeance": ""})
    assert "Clore et figer le relevé" in presidence.get(f"{ici}clore/").content.decode()
    presidence.post(f"{ici}clore/")
    assert Seance.objects.get().etat == "close"
    page = secretaire.get(instance).content.decode()
    assert "Décisions à suivre" in page
    assert "Ouvrir l&#x27;atelier" in page
    secretaire.post(f"/seances/points/{point.public_id}/suivre/", {"suite": "Ouvert"})
    assert "Décisions à suivre" not in secretaire.get(instance).content.decode()
    assert "1 décision" in secretaire.get("/seances/").content.decode().replace("\u202f", " ").replace("\xa0", " ")


def test_refuse_un_point_hors_de_son_territoire(distribution: Distribution, entrer: Any) -> None:
    pacte = Pacte(distribution)
    point = pacte.point(pacte.preparee())
    etrangere = entrer(distribution.etrangere)
    for acte in ("retirer", "decider", "suivre"):
        assert etrangere.post(f"/seances/points/{point.public_id}/{acte}/").status_code == 404
