"""Les instances et leurs séances : on les tient sur ses territoires, ou l'on y siège."""

from __future__ import annotations

from typing import Any

from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces
from tests.distribution import Distribution
from tests.instances.plateau import Plateau
from tests.instances.plateau_avis import PlateauAvis
from tests.instances.test_points_generaux import Pacte


def instance(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": Plateau(distribution).instance.public_id}


def membre_instance(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": Plateau(distribution).sieges["caf"].public_id}


def seance(distribution: Distribution) -> dict[str, Any]:
    plateau = Plateau(distribution)
    return {"public_id": plateau.convoquee(plateau.personnes(1)).public_id}


def dossier_seance(distribution: Distribution) -> dict[str, Any]:
    plateau = Plateau(distribution)
    return {"public_id": plateau.dossiers(plateau.ouverte(plateau.personnes(1)))[0].public_id}


def seance_d_avis(distribution: Distribution) -> dict[str, Any]:
    ep = PlateauAvis(distribution)
    return {"public_id": ep.convoquee([ep.procedure()]).public_id}


def dossier_d_avis(distribution: Distribution) -> dict[str, Any]:
    ep = PlateauAvis(distribution)
    return {"public_id": ep.dossiers(ep.ouverte([ep.procedure()]))[0].public_id}


def piece_de_seance(distribution: Distribution) -> dict[str, Any]:
    ep = PlateauAvis(distribution)
    procedure = ep.procedure()
    [dossier] = ep.dossiers(ep.convoquee([procedure]))
    return {"public_id": dossier.public_id, "piece_id": procedure.avertissement.public_id}


def seance_generale(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": Pacte(distribution).preparee().public_id}


def point_de_seance(distribution: Distribution) -> dict[str, Any]:
    pacte = Pacte(distribution)
    return {"public_id": pacte.point(pacte.preparee()).public_id}


FABRIQUES.update(
    {
        f.__name__: f
        for f in (
            instance, membre_instance, seance, dossier_seance, seance_d_avis, dossier_d_avis, piece_de_seance,
            seance_generale, point_de_seance,
        )
    }
)  # fmt: skip

# L'étrangère a les mêmes droits que l'orienteur, sur un autre territoire. Le siège prépare partout, sans présider.
VOIT = {"orienteur": 200, "etrangere": 404, "siege": 200}
PREPARE = {"orienteur": 302, "etrangere": 404, "siege": 302}
PREPARE_AVEC_FORMULAIRE = {"orienteur": 422, "etrangere": 404, "siege": 422}
ENTRE = {"orienteur": 200, "etrangere": 200, "siege": 200}

ROUTES = {
    "seances": acces(**ENTRE),
    "instances": acces(**ENTRE),
    "instance": acces(objet="instance", **VOIT),
    "instance_nommer": acces(methode="post", objet="instance", **PREPARE_AVEC_FORMULAIRE),
    "instance_terminer": acces(methode="post", objet="membre_instance", **PREPARE),
    "seance_planifier": acces(methode="post", objet="instance", **PREPARE_AVEC_FORMULAIRE),
    "seance": acces(objet="seance", **VOIT),
    "seance_modifier": acces(methode="post", objet="seance", **PREPARE_AVEC_FORMULAIRE),
    "seance_inscrire": acces(objet="seance", **VOIT),
    "seance_remplir": acces(methode="post", objet="seance", **PREPARE),
    "seance_ranger": acces(methode="post", objet="seance", **PREPARE),
    "seance_convoquer": acces(methode="post", objet="seance", **PREPARE),
    "seance_presence": acces(methode="post", objet="seance", **PREPARE),
    "seance_ouvrir": acces(methode="post", objet="seance", **PREPARE),
    "seance_presidence": acces(methode="post", objet="seance", **PREPARE),
    "seance_annuler": acces(methode="post", objet="seance", **PREPARE),
    # Seule la présidence clôt : ni l'orienteur ni le siège ne président.
    "seance_clore": acces(objet="seance"),
    "seance_lever": acces(methode="post", objet="seance"),
    # Le procès-verbal n'existe pas avant la clôture.
    "seance_pv": acces(objet="seance", orienteur=404, etrangere=404, siege=404),
    "seance_ordre_du_jour": acces(objet="seance", **VOIT),
    "seance_agenda": acces(objet="seance", **VOIT),
    "seance_dossier": acces(objet="dossier_seance", **VOIT),
    # Le siège prépare, mais ne tient ni la présidence ni le secrétariat de cette séance.
    "seance_statuer": acces(methode="post", objet="dossier_seance", orienteur=422, etrangere=404),
    "seance_note": acces(methode="post", objet="dossier_seance", orienteur=403, etrangere=404),
    "seance_retrait": acces(methode="post", objet="dossier_seance", **PREPARE),
    # La secrétaire conduit ; le siège ne fait que voir.
    "seance_retrait_annuler": acces(methode="post", objet="dossier_seance", orienteur=302, etrangere=404),
    "seance_retirer": acces(methode="post", objet="dossier_seance", **PREPARE),
    "seance_convocations": acces(objet="seance_d_avis", orienteur=200, etrangere=404, siege=200),
    "seance_passages": acces(methode="post", objet="seance_d_avis", **PREPARE),
    "seance_convoquer_personnes": acces(methode="post", objet="seance_d_avis", **PREPARE),
    # La secrétaire de la séance conduit ; le siège voit la séance sans la conduire.
    "seance_audition": acces(methode="post", objet="dossier_d_avis", orienteur=302, etrangere=404),
    "seance_piece": acces(objet="piece_de_seance", **VOIT),
    "seance_point_ajouter": acces(methode="post", objet="seance_generale", **PREPARE),
    "seance_point_retirer": acces(methode="post", objet="point_de_seance", **PREPARE),
    "seance_point_decider": acces(methode="post", objet="point_de_seance", orienteur=302, etrangere=404),
    "seance_point_suivre": acces(methode="post", objet="point_de_seance", **PREPARE),
}
