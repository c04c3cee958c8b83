"""Un lot de foyers : reconnaître dossiers et personnes, comparer leurs faits à ceux qu'on connaît."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from jalon.echanges.flux_caf import faits as f
from jalon.echanges.flux_caf.extracteur import AdresseExtraite, FoyerExtrait
from jalon.echanges.flux_caf.extraction import Fait
from jalon.echanges.flux_caf.faits import FaitConnu, TableFaits
from jalon.echanges.flux_caf.integration.bilan import FERMES, OUVERTS, Contexte, Ordre
from jalon.echanges.flux_caf.integration.connu import Connu, DossierConnu, cle_matricule
from jalon.echanges.flux_caf.integration.ecriture import Ecriture, hexa, ou_nul
from jalon.echanges.flux_caf.lignes import NUL, Ligne, premiere, separer
from jalon.echanges.flux_caf.personnes import (
    Candidate,
    PersonneConnue,
    reconnaitre_ailleurs,
    reconnaitre_dans_le_dossier,
)

if TYPE_CHECKING:
    from jalon.echanges.flux_caf.integration.ensemble import Integration


class Lot:
    """Un lot : ce qu'on en sait, puis ce qu'on en écrit."""

    def __init__(self, integration: Integration, recus: list[FoyerExtrait]) -> None:
        self.i = integration
        self.recus = recus
        self.connu = Connu(integration.connexion, integration.ordre)
        self.ecriture = Ecriture(integration.date)
        self.foyers_touches: set[int] = set()

    def executer(self) -> list[FoyerExtrait]:
        """Traite le lot et rend les foyers à remettre dans le suivant."""
        self.connu.lire(self.recus)
        remis = [recu for recu in self.recus if not self._integrer(recu)]
        self.ecriture.ecrire(self.i.connexion)
        return remis

    # --- Un foyer ---------------------------------------------------------------------------------

    def _integrer(self, recu: FoyerExtrait) -> bool:
        dossier, liens = self._reconnaitre_dossier(recu)
        foyer: int | None = None
        if dossier is None:
            foyer, membres = self._foyer_de_meme_matricule(recu)
            liens.update(membres)
        # Deux demandes d'un même foyer partagent ses personnes et ses adresses : la seconde attend aussi.
        if (dossier.foyer if dossier is not None else foyer) in self.foyers_touches:
            return False
        bilan = self.i.bilan
        bilan.personnes_lues += len(recu.personnes)
        nouveau = dossier is None
        territoire = self._territoire(recu)
        if dossier is None:
            dossier = self._creer_dossier(recu, foyer, territoire)
        self.foyers_touches.add(dossier.foyer)
        en_double = dossier.derniere_reception == self.i.ordre
        if en_double and recu.rang < self.i.rangs_inchanges.get(dossier.identifiant, 0):
            # La version déjà connue vient après celle-ci dans le fichier : c'est elle qui compte.
            dossier.derniere_reception = (self.i.ordre[0], f"{self.i.ordre[1]}~")
            dossier.receptions.append(dossier.derniere_reception)
        self.i.vus.add(dossier.identifiant)
        ancien = dossier.derniere_reception > self.i.ordre
        identifiants = self._associer_personnes(recu, liens, dossier, territoire, ancien)
        modifie = self._comparer_faits(recu, dossier, identifiants, ancien=ancien)
        if en_double:
            self.i.signaler(
                "foyer_en_double", "ce dossier figure deux fois dans ce flux : la dernière version l'emporte",
                dossier=dossier.identifiant, ligne=recu.ligne,
            )  # fmt: skip
        if ancien:
            bilan.anciens += 1
            if not en_double:
                self.i.signaler(
                    "flux_ancien", "ce dossier a déjà été reçu dans un flux plus récent : son histoire est complétée",
                    dossier=dossier.identifiant, ligne=recu.ligne,
                )  # fmt: skip
        else:
            if nouveau:
                modifie = True
            else:
                modifie |= self._mettre_a_jour_dossier(recu, dossier)
            if not nouveau or foyer is not None:
                self.ecriture.territoires_foyers[dossier.foyer] = territoire
            self._suivre_etat(recu, dossier)
            if territoire is None and any(
                rang == "1" and code in self.i.communes for _, rang, code, _, _ in recu.adresses
            ):
                recu.anomalies.append(("hors_departement", "l'adresse du foyer est hors du département"))
        for code, detail in recu.anomalies:
            self.i.signaler(code, detail, dossier=dossier.identifiant, ligne=recu.ligne)
        self.ecriture.lignes["droits_reception"].append(f"{dossier.identifiant}\t{self.i.ordre[0]}\t{self.i.ordre[1]}Z")
        if nouveau:
            bilan.crees.append(dossier.identifiant)
        elif modifie:
            bilan.mis_a_jour.append(dossier.identifiant)
        else:
            bilan.inchanges += 1
        return True

    # --- Le dossier -------------------------------------------------------------------------------

    def _reconnaitre_dossier(self, recu: FoyerExtrait) -> tuple[DossierConnu | None, dict[int, PersonneConnue]]:
        """Le dossier de ce numéro qui a une personne en commun ; à défaut, aucun."""
        meilleur: tuple[int, DossierConnu | None, dict[int, PersonneConnue]] = (0, None, {})
        for dossier in self.connu.par_numero.get(recu.numero_demande, ()):
            liens = self._liens(recu.personnes, dossier)
            if len(liens) > meilleur[0]:
                meilleur = (len(liens), dossier, liens)
        return meilleur[1], meilleur[2]

    def _foyer_de_meme_matricule(self, recu: FoyerExtrait) -> tuple[int | None, dict[int, PersonneConnue]]:
        """Nouvelle demande d'un foyer connu : même caisse, même matricule, et au moins une personne commune."""
        for dossier in self.connu.par_matricule.get(cle_matricule(recu.attributs), ()):
            liens = self._liens(recu.personnes, dossier)
            if liens:
                return dossier.foyer, liens
        return None, {}

    def _liens(self, candidates: list[Candidate], dossier: DossierConnu) -> dict[int, PersonneConnue]:
        membres = self.connu.sous_tous_visages(self.connu.membres[dossier.foyer])
        liens = reconnaitre_dans_le_dossier(candidates, membres)
        return {rang: self.connu.personnes[identifiant] for rang, identifiant in liens.items()}

    def _creer_dossier(self, recu: FoyerExtrait, foyer: int | None, territoire: int | None) -> DossierConnu:
        rang = 1 + max((d.rang_partage for d in self.connu.par_numero.get(recu.numero_demande, ())), default=-1)
        if foyer is None:
            foyer = self.i.reserver("personnes_foyer")
            self.ecriture.lignes["personnes_foyer"].append(f"{foyer}\t{ou_nul(territoire)}")
        dossier = DossierConnu(
            self.i.reserver("droits_dossierrsa"), foyer, recu.numero_demande, rang, recu.attributs
        )  # fmt: skip
        matricule, _, *attributs = recu.attributs
        self.ecriture.lignes["droits_dossierrsa"].append(
            "\t".join((
                str(dossier.identifiant), str(foyer), recu.numero_demande, str(rang), hexa(recu.matricule_chiffre),
                hexa(recu.matricule_empreinte), hexa(recu.empreinte), matricule, *attributs,
            ))
        )  # fmt: skip
        self.connu.ajouter_dossier(dossier)
        if rang:
            self.i.signaler(
                "numero_demande_partage",
                f"le numéro {recu.numero_demande} sert à deux foyers sans personne commune : ils restent distincts",
                dossier=dossier.identifiant, ligne=recu.ligne,
            )  # fmt: skip
        return dossier

    def _mettre_a_jour_dossier(self, recu: FoyerExtrait, dossier: DossierConnu) -> bool:
        matricule, _, *attributs = (None if valeur == NUL else valeur for valeur in recu.attributs)
        self.ecriture.attributs_dossier.append((
            recu.empreinte, recu.matricule_chiffre, recu.matricule_empreinte, matricule, *attributs,
            dossier.identifiant,
        ))  # fmt: skip
        return recu.attributs != dossier.attributs

    # --- Les personnes du foyer -------------------------------------------------------------------

    def _associer_personnes(
        self,
        recu: FoyerExtrait,
        liens: dict[int, PersonneConnue],
        dossier: DossierConnu,
        territoire: int | None,
        ancien: bool,
    ) -> list[int | None]:
        """Identifiant de chaque personne reçue ; `None` pour une personne répétée dans le même foyer."""
        candidates = recu.personnes
        prises = {personne.identifiant for personne in liens.values()}
        identifiants: list[int | None] = []
        vues: dict[Fait, int] = {_cle_etat_civil(candidates[rang]): lien.identifiant for rang, lien in liens.items()}
        membres = self.connu.membres[dossier.foyer]
        for rang, candidate in enumerate(candidates):
            cle = _cle_etat_civil(candidate)
            connue = liens.get(rang)
            if connue is None:
                if cle in vues:
                    self.i.signaler(
                        "personne_en_double",
                        "la même personne figure deux fois dans le foyer : elle n'est prise qu'une fois",
                        dossier=dossier.identifiant, personne=vues[cle], ligne=recu.ligne,
                    )  # fmt: skip
                    identifiants.append(None)
                    continue
                connue = self._reconnaitre_ailleurs(candidate, recu, dossier, prises)
            if connue is None:
                connue = self._creer_personne(candidate, territoire)
            elif connue.identifiant in self.ecriture.neuves:
                self._territoire_de_personne(connue, territoire, ancien)
            elif (suivante := self._revue_le(connue, dossier, ancien)) is not None:
                self._identite_ancienne(connue, candidate, suivante)
            else:
                self._identite_nouvelle(connue, candidate)
                self._territoire_de_personne(connue, territoire, ancien)
            prises.add(connue.identifiant)
            vues[cle] = connue.identifiant
            membres.add(connue.identifiant)
            identifiants.append(connue.identifiant)
        return identifiants

    def _reconnaitre_ailleurs(
        self, candidate: Candidate, recu: FoyerExtrait, dossier: DossierConnu, prises: set[int]
    ) -> PersonneConnue | None:
        homonymes = self._homonymes(candidate)
        if not homonymes:
            return None
        trouvee, nir_pris = reconnaitre_ailleurs(candidate, homonymes, prises, recu.personnes)
        if nir_pris:
            self.i.signaler(
                "nir_partage", "une autre personne porte déjà ce NIR avec un état civil différent",
                dossier=dossier.identifiant, ligne=recu.ligne,
            )  # fmt: skip
        return None if trouvee is None else self.connu.personnes[trouvee]

    def _homonymes(self, candidate: Candidate) -> list[PersonneConnue]:
        trouves = self.connu.par_naissance.get((candidate.date_naissance, candidate.cle_nom), set())
        if candidate.nir_empreinte is not None:
            trouves = trouves | self.connu.par_nir.get(candidate.nir_empreinte, set())
        return self.connu.sous_tous_visages(trouves) if trouves else []

    def _creer_personne(self, c: Candidate, territoire: int | None) -> PersonneConnue:
        identifiant = self.i.reserver("personnes_personne")
        self.ecriture.neuves[identifiant] = [
            str(identifiant), c.etat_civil, hexa(c.nir_chiffre), hexa(c.nir_empreinte), c.type_nir, self.i.date,
            c.identifiant_france_travail, c.cle_recherche, c.cle_nom, c.cle_prenom, c.cle_prenoms, ou_nul(territoire),
        ]  # fmt: skip
        connue = PersonneConnue(
            identifiant, c.etat_civil, c.nir_empreinte, c.type_nir, c.cle_nom, c.cle_prenom, c.cle_prenoms,
            c.date_naissance, c.sexe, self.i.date, c.identifiant_france_travail, territoire, None,
        )  # fmt: skip
        self.connu.ajouter_personne(connue)
        self.i.bilan.personnes_creees.append(identifiant)
        return connue

    def _identite_nouvelle(self, connue: PersonneConnue, c: Candidate) -> None:
        """Le flux le plus récent dit l'identité ; l'ancienne est gardée avec sa période."""
        if c.identifiant_france_travail and c.identifiant_france_travail != connue.identifiant_france_travail:
            self.ecriture.france_travail.append((c.identifiant_france_travail, connue.identifiant))
        # Un NIR faux ou illisible ne remplace pas un NIR sûr.
        garde = not c.type_nir or (c.nir_empreinte is None and connue.nir_empreinte is not None)
        meme_nir = garde or (c.nir_empreinte == connue.nir_empreinte and c.type_nir == connue.type_nir)
        if connue.etat_civil == c.etat_civil and meme_nir:
            return
        if any(
            visage.etat_civil == c.etat_civil and c.nir_empreinte in (None, visage.nir_empreinte)
            for visage in self.connu.visages.get(connue.identifiant, ())
        ):
            return  # l'identité d'un dossier réuni à celui-ci : un agent a déjà choisi laquelle est la bonne
        if None not in (connue.nir_empreinte, c.nir_empreinte) and connue.nir_empreinte != c.nir_empreinte:
            self.i.signaler("nir_modifie", "la caisse a changé le NIR de cette personne", personne=connue.identifiant)
        self.ecriture.identites.append((
            (
                *separer(c.etat_civil), *((None, None, None) if garde else (c.nir_chiffre, c.nir_empreinte, c.type_nir)),
                self.i.date, c.cle_recherche, c.cle_nom, c.cle_prenom, c.cle_prenoms,
            ),
            connue.identifiant,
        ))  # fmt: skip
        self.i.bilan.personnes_mises_a_jour.add(connue.identifiant)

    def _revue_le(self, connue: PersonneConnue, dossier: DossierConnu, ancien: bool) -> str | None:
        """Date du flux suivant où l'on a revu cette personne, dans ce dossier ou dans un autre."""
        if ancien:
            return _suivante(dossier, self.i.ordre)
        if not self.i.tardif:
            return None
        ligne = self.i.connexion.execute(
            "select min(p.date_reference)::text from personnes_rattachement r "
            "join droits_dossierrsa d on d.foyer_id = r.foyer_id join droits_reception p on p.dossier_id = d.id "
            "where r.personne_id = %s and r.periode @> p.date_reference and (p.date_reference, p.emis_le) > (%s, %s)",
            [connue.identifiant, self.i.ordre[0], self.i.ordre[1] + "Z"],
        ).fetchone()
        return ligne[0] if ligne else None

    def _identite_ancienne(self, connue: PersonneConnue, c: Candidate, suivante: str) -> None:
        if c.etat_civil != connue.etat_civil:
            self.ecriture.identites_anciennes.append(
                (c.etat_civil, f.periode(self.i.date, suivante), connue.identifiant)
            )

    # --- Les adresses et leur territoire ----------------------------------------------------------

    def _territoire(self, recu: FoyerExtrait) -> int | None:
        """Territoire de l'adresse de rang 1, par le code INSEE seul."""
        for _, rang, code, _, _ in recu.adresses:
            if rang == "1":
                commune = self.i.communes.get(code)
                return commune[1] if commune else None
        return None

    def _territoire_de_personne(self, connue: PersonneConnue, territoire: int | None, ancien: bool) -> None:
        if ancien or connue.territoire == territoire:
            return
        connue.territoire = territoire
        if connue.identifiant in self.ecriture.neuves:
            self.ecriture.neuves[connue.identifiant][-1] = ou_nul(territoire)
        else:
            self.i.territoires_changes[connue.identifiant] = territoire
            self.ecriture.territoires_personnes[connue.identifiant] = territoire

    def _adresse(self, adresse: AdresseExtraite, recu: FoyerExtrait) -> Ligne:
        ligne, _, code, pays, nom = adresse
        commune = self.i.communes.get(code)
        if commune is None:
            if code or pays in ("FRA", ""):
                recu.anomalies.append(("commune_inconnue", f"le code INSEE « {code} » ({nom}) n'existe pas"))
            return f"{ligne}\t{NUL}\t{NUL}"
        return f"{ligne}\t{commune[0]}\t{ou_nul(commune[1])}"

    # --- Les faits --------------------------------------------------------------------------------

    def _comparer_faits(
        self, recu: FoyerExtrait, dossier: DossierConnu, identifiants: list[int | None], *, ancien: bool
    ) -> bool:
        change = False
        touchees: set[str] = set()
        for table, recus in self._faits(recu, identifiants):
            cle = dossier.foyer if table.proprietaire == "foyer_id" else dossier.identifiant
            connus = self.connu.faits[table.nom].get(cle)
            if connus is None and not ancien:
                # Rien n'est connu : tout s'ouvre.
                if recus:
                    change = True
                    self.ecriture.ouvrir(table, cle, recus)
                    if table in DES_PERSONNES:
                        touchees.update(map(premiere, recus))
                continue
            connus = connus or []
            if table is f.RATTACHEMENTS or table is f.SOUMISSIONS:
                connus = self.connu.sous_identite_vivante(connus)
            if ancien:
                ecart = f.completer(connus, recus, le=self.i.date, suivante=_suivante(dossier, self.i.ordre))
            else:
                # Un lot qui mêle dossiers anciens et récents a chargé toute l'histoire : seul l'en-cours se compare.
                ecart = f.comparer([c for c in connus if c.fin == f.SANS_FIN], recus)
            if not ecart:
                continue
            change = True
            self.ecriture.appliquer(table, cle, ecart)
            if table in DES_PERSONNES:
                touchees.update(_touchees(connus, ecart))
            if not ancien and table is f.RATTACHEMENTS:
                self._departs(connus, ecart, dossier)
        # Parmi les personnes lues dans ce foyer ; qui n'y est plus est sorti, pas mis à jour.
        self.i.bilan.personnes_mises_a_jour.update(p for p in identifiants if p is not None and str(p) in touchees)
        if not ancien:
            self._suivre_soumissions(recu, dossier, identifiants)
        self.ecriture.evenements += [(dossier.identifiant, evenement) for evenement in recu.evenements]
        return change

    def _faits(self, recu: FoyerExtrait, identifiants: list[int | None]) -> Iterator[tuple[TableFaits, list[Ligne]]]:
        presentes = [
            (identifiant, personne)
            for identifiant, personne in zip(identifiants, recu.personnes, strict=True)
            if identifiant is not None
        ]
        yield f.RATTACHEMENTS, [f"{i}\t{p.rattachement}" for i, p in presentes]
        yield f.ADRESSES, [self._adresse(adresse, recu) for adresse in recu.adresses]
        yield f.SITUATIONS, [recu.situation]
        yield f.MONTANTS, recu.montants
        yield f.NATURES, recu.natures
        yield f.SUSPENSIONS, recu.suspensions
        yield f.SOUMISSIONS, [f"{i}\t{p.soumission}" for i, p in presentes if p.soumission is not None]
        yield f.RESSOURCES, [f"{i}\t{fait}" for i, p in presentes for fait in p.ressources]
        yield f.ACTIVITES, [f"{i}\t{fait}" for i, p in presentes for fait in p.activites]
        yield f.AVIS, _du_foyer_et_des_personnes(recu.avis, [(i, p.avis) for i, p in presentes])
        yield f.BLOCS, _du_foyer_et_des_personnes(recu.blocs, [(i, p.blocs) for i, p in presentes])

    # --- Soumission et état du droit --------------------------------------------------------------

    def _suivre_soumissions(self, recu: FoyerExtrait, dossier: DossierConnu, identifiants: list[int | None]) -> None:
        """Retient, pour chaque adulte, s'il était et s'il est soumis, tous dossiers confondus."""
        ferme = recu.etat in FERMES
        for identifiant, personne in zip(identifiants, recu.personnes, strict=True):
            if identifiant is None or (personne.soumission is None and identifiant not in self.connu.statuts):
                continue
            soumise = personne.soumission is not None and premiere(personne.soumission) == "true" and not ferme
            self._noter(identifiant, dossier.identifiant, soumise, Contexte(dossier.identifiant, ferme=ferme))

    def _noter(self, personne: int, dossier: int, soumise: bool, contexte: Contexte) -> None:
        statuts = self.connu.statuts[personne]
        self.i.avant.setdefault(personne, any(statuts.values()))
        statuts[dossier] = soumise
        self.i.apres[personne] = any(statuts.values())
        # Soumise dans un dossier, pas dans l'autre : c'est celui où elle l'est qui compte.
        if soumise or not self.i.apres[personne]:
            self.i.contextes[personne] = contexte

    def _departs(self, connus: Iterable[FaitConnu], ecart: f.Ecart, dossier: DossierConnu) -> None:
        """Une personne qui n'est plus dans le foyer n'y est plus soumise."""
        revenues = set(map(premiere, ecart.a_ouvrir))
        fermes = set(ecart.a_fermer)
        for connu in connus:
            personne = premiere(connu.valeurs)
            if (
                connu.identifiant in fermes
                and personne not in revenues
                and dossier.identifiant in self.connu.statuts[int(personne)]
            ):
                self._noter(int(personne), dossier.identifiant, False, Contexte(dossier.identifiant, partie=True))

    def _suivre_etat(self, recu: FoyerExtrait, dossier: DossierConnu) -> None:
        avant, apres, bilan, cle = dossier.etat, recu.etat, self.i.bilan, dossier.identifiant
        if apres in OUVERTS and avant not in OUVERTS:
            bilan.ouverts.append(cle)
        if apres in ("3", "4") and avant != apres:
            bilan.suspendus.append(cle)
        if apres in ("5", "6") and avant not in ("5", "6"):
            bilan.clos.append(cle)
        if apres == "1" and avant != "1":
            bilan.refuses.append(cle)
        connues = self.connu.faits[f.SITUATIONS.nom].get(cle, ())
        mutations = next((_mutations(c.valeurs) for c in connues if c.fin == f.SANS_FIN), [""] * 5)
        recues = _mutations(recu.situation)
        if recues[0] and recues[:3] != mutations[:3]:
            bilan.arrives.append(cle)
        if recues[3] and recues[3:] != mutations[3:]:
            bilan.partis.append(cle)


DES_PERSONNES = frozenset({f.RATTACHEMENTS, f.SOUMISSIONS, f.RESSOURCES, f.ACTIVITES})
"""Tables dont chaque ligne commence par la personne qu'elle concerne."""


def _du_foyer_et_des_personnes(du_foyer: list[Ligne], des_personnes: list[tuple[int, list[Ligne]]]) -> list[Ligne]:
    return [
        *(f"{NUL}\t{fait}" for fait in du_foyer),
        *(f"{personne}\t{fait}" for personne, faits in des_personnes for fait in faits),
    ]


def _touchees(connus: Iterable[FaitConnu], ecart: f.Ecart) -> set[str]:
    """Les personnes dont un fait s'ouvre, s'insère ou se ferme."""
    fermes = set(ecart.a_fermer)
    return {
        *map(premiere, ecart.a_ouvrir),
        *(premiere(fait) for fait, _, _ in ecart.a_inserer),
        *(premiere(connu.valeurs) for connu in connus if connu.identifiant in fermes),
    }


def _mutations(situation: Ligne) -> list[str]:
    """Caisse et matricule d'avant, date d'arrivée, caisse d'après, date de départ."""
    return situation.split("\t")[-5:]


def _cle_etat_civil(candidate: Candidate) -> Fait:
    return (candidate.cle_nom, candidate.cle_prenoms, candidate.date_naissance, candidate.sexe)


def _suivante(dossier: DossierConnu, ordre: Ordre) -> str:
    """Date de la réception qui suit `ordre` ; la même date si un flux du jour a été émis plus tard."""
    return min(reception[0] for reception in dossier.receptions if reception > ordre)
